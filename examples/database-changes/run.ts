/**
 * Shows a change of a database under traffic: `npx node examples/database-changes/run.ts` in a checkout, with nginx. It takes
 * less than a minute, uses free loopback ports and a folder for temporary files, and leaves nothing behind, also after Ctrl-C.
 */
import { tell } from "./story.ts";

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupt.abort());

try {
  const { requests, failures, lost, moments } = await tell({
    people: 5_000,
    pauseMs: 40,
    dwell: "2s",
    probe: "500ms",
    say: (line) => console.log(line),
    interrupted: interrupt.signal,
  });
  const apart = Object.values(moments).reduce((sum, { audit }) => sum + audit.apart, 0);
  console.log(
    `\n${requests} requests, ${failures.length} failed; ${lost.length} writes lost; ${apart} rows of which the shapes differed`,
  );
  for (const line of [...failures, ...lost].slice(0, 10)) console.log(`  ${line}`);
  if (failures.length + lost.length + apart > 0) process.exitCode = 1;
} catch (error) {
  if (interrupt.signal.aborted) {
    console.log("interrupted; everything is stopped and removed");
    process.exitCode = 130;
  } else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
