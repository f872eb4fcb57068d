/**
 * The first process of a container whose application is updated in place, as a machine's service manager would do it:
 * `POST /deploy?version=v2` on port 8090 ends app.ts, starts it with that version, and answers once it is healthy.
 *
 * `version=previous` puts back what ran before. What runs already is not started again, so that a deploy may be repeated.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const PORT = Number(process.env.PORT ?? 8080);
const CONTROL_PORT = Number(process.env.CONTROL_PORT ?? 8090);
/** Whoever still waits for an answer then gets none. */
const STOP_MS = 10_000;
const START_MS = 20_000;

let version = process.env.VERSION ?? "v0";
let before = version;
let application = start();
let turn: Promise<unknown> = Promise.resolve();

function start(): ChildProcess {
  const child = spawn(process.execPath, ["app.ts"], {
    cwd: import.meta.dirname,
    env: { ...process.env, VERSION: version },
    stdio: "inherit",
  });
  // An application that ends by itself takes the container along, which Docker restarts.
  child.once("exit", () => child === application && process.exit(1));
  return child;
}

async function deploy(wanted: string): Promise<string> {
  const next = wanted === "previous" ? before : wanted;
  if (next === version) return `${version} runs already\n`;
  before = wanted === "previous" ? next : version;
  version = next;
  await end(application);
  application = start();
  await healthy();
  return `${version} runs, ${before} before\n`;
}

async function end(old: ChildProcess): Promise<void> {
  old.removeAllListeners("exit");
  const gone = once(old, "exit");
  const late = setTimeout(() => old.kill("SIGKILL"), STOP_MS);
  old.kill("SIGTERM");
  await gone;
  clearTimeout(late);
}

async function healthy(): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    const isUp = await fetch(`http://127.0.0.1:${PORT}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await sleep(50);
  }
  throw new Error(`${version} is not healthy after ${START_MS / 1_000} s`);
}

const server = createServer(async (request, response) => {
  request.resume();
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://keeper");
  const wanted = searchParams.get("version") ?? "";
  if (request.method !== "POST" || pathname !== "/deploy" || wanted === "")
    return void response.writeHead(404).end("POST /deploy?version=v2, or version=previous\n");
  // One after the other: two deploys at once would be two applications on one port.
  const mine = turn.then(() => deploy(wanted));
  turn = mine.catch(() => undefined);
  try {
    response.end(await mine);
  } catch (error) {
    response.writeHead(500).end(`${String(error)}\n`);
  }
});

server.listen(CONTROL_PORT);
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, async () => {
    await end(application);
    process.exit(0);
  });
}
