import { PassThrough, Readable } from "node:stream";
import type { Env } from "../../src/cli/io.ts";
import { run } from "../../src/cli/program.ts";

/** How a run of the command line ended. */
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/**
 * Runs a command line in this process, as main would in its own, and answers what it printed.
 *
 * A start of its own costs more than most commands do, and a run of the tests has hundreds. What main adds (signals, hang-ups, the
 * exit) is proved where a process is started: `test/bin`, `test/cli/serve.test.ts`, `test/cli/waiting.test.ts`.
 */
export async function runHere(args: readonly string[], env: Env, cwd = "/"): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = [stdout, stderr].map(gather);
  const code = await run(
    {
      argv: args,
      env,
      cwd,
      stdin: Readable.from([]),
      stdout,
      stderr,
      wall: Date.now,
      mono: () => performance.now(),
      interruptible: () => new AbortController().signal,
      onHangup: () => undefined,
    },
    {
      openLog: async (stream, options) => (await import("../../src/log.ts")).openLog(stream, options),
      runDemo: async () => {
        throw new Error("the demo takes signals: start it as a process");
      },
    },
  );
  return { code, stdout: said[0]?.() ?? "", stderr: said[1]?.() ?? "" };
}

/** What was written so far, without the last line's end, as a shell gives it to `$(…)`. */
function gather(stream: PassThrough): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return () => {
    const rest = stream.read() as string | null;
    return `${text}${rest ?? ""}`.replace(/\n$/, "");
  };
}
