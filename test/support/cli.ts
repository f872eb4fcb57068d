import { fileURLToPath } from "node:url";
import { execa } from "execa";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

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
    env: { PATH: process.env.PATH, LANG: "C.UTF-8", TZ: "UTC", ...env },
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
