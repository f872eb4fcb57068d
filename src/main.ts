import type { Parts } from "./cli/context.ts";
import type { Io } from "./cli/io.ts";
import { run } from "./cli/program.ts";

/**
 * The entry: the only file that ends the process, and that touches its arguments, environment, streams, clocks and signals.
 */

function interruptible(): AbortSignal {
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return interrupted.signal;
}

const interrupted = new AbortController();

/** The second Ctrl-C means it: whatever hangs is left behind. */
function interrupt(): void {
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort();
}

/** A reader that closes the pipe (`sluice status | head -1`) has what it wanted. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

const io: Io = {
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  wall: Date.now,
  mono: () => performance.now(),
  interruptible,
  onHangup: (listener) => process.on("SIGHUP", listener),
};

const parts: Parts = {
  openLog: async (stream, options) => (await import("./log.ts")).openLog(stream, options),
  runDemo: async (options) => (await import("./demo/demo.ts")).runDemo(options),
};

const exit = await run(io, parts);
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write("", resolve))));
process.exit(exit);
