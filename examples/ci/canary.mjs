// Starts a canary, waits for its end, and fails the job where the new version was not promoted.
// Needs: npm install sluice. Environment: SLUICE_URL, SLUICE_TOKEN (scope operate), VERSION.
import { connect, SluiceError } from "sluice/client";

const { SLUICE_URL = "http://127.0.0.1:7070", SLUICE_TOKEN, VERSION, SERVICE = "web" } = process.env;
const sluice = connect({ url: SLUICE_URL, token: SLUICE_TOKEN });

try {
  const started = await sluice.start(SERVICE, { strategy: "canary", version: VERSION, reason: "pipeline" });
  if (started.is === "already-stable") {
    console.log(`${SERVICE}: nothing to do`);
  } else {
    const ended = await sluice.ended(started.rollout.id, {
      signal: AbortSignal.timeout(2 * 60 * 60_000),
      onEvent: ({ at, text }) => console.log(`${at} ${text}`),
    });
    console.log(`${ended.id} ${ended.phase}: ${ended.reason}`);
    if (ended.phase !== "promoted") process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof SluiceError)) throw error;
  console.error(`${error.message}${error.hint === null ? "" : `\ntry: ${error.hint}`}`);
  process.exitCode = 1;
}
