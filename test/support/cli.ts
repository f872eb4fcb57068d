import { join } from "node:path";
import { execa } from "execa";
import { root } from "./sources.ts";

const MAIN = join(root, "src/main.ts");

/** Takes the compiling out of the many starts of the tests. */
const CACHE = join(root, "node_modules/.cache/sluice-tests");

/** How a run of the command line ended. */
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Where it looks for sluice.yaml. */
  readonly cwd?: string;
};

/** A command line that runs: what it wrote so far, signals, and its end. */
export type Running = {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly kill: (signal: "SIGINT" | "SIGTERM" | "SIGHUP") => void;
  readonly ended: Promise<Ran>;
};

/** Starts the real command line with an environment that holds nothing but what a test says. */
export function startSluice(args: readonly string[], { env = {}, cwd = "/" }: RunOptions = {}): Running {
  const child = execa(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: CACHE, LANG: "C.UTF-8", TZ: "UTC", ...env },
    extendEnv: false,
    cwd,
    stdin: "ignore",
    reject: false,
    timeout: 15_000,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = child.then((result) => ({ code: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr }));
  return { stdout: () => stdout, stderr: () => stderr, kill: (signal) => child.kill(signal), ended };
}

/** Runs the real command line to its end. */
export function sluice(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return startSluice(args, options).ended;
}
