import { join } from "node:path";
import { execa } from "execa";
import { type Ran, runHere } from "./here.ts";
import { MAIN } from "./main-program.ts";
import { NODE_ARGS, root } from "./sources.ts";

export type { Ran };

/** Takes the compiling out of the many starts of the tests. */
const CACHE = join(root, "node_modules/.cache/sluice-tests");

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
  const child = execa(process.execPath, [...NODE_ARGS, MAIN, ...args], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: CACHE, LANG: "C.UTF-8", TZ: "UTC", ...env },
    extendEnv: false,
    cwd,
    stdin: "ignore",
    reject: false,
    timeout: 60_000,
    // Else execa kills it 5 s after SIGTERM, and a busy machine makes a clean end look like a crash.
    forceKillAfterDelay: 15_000,
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

/**
 * Runs the command line to its end, with an environment that holds nothing but what a test says: in this process, or in one of its
 * own where this one works in another folder just now.
 */
export async function sluice(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd } = options;
  const env = { PATH: process.env.PATH, LANG: "C.UTF-8", TZ: "UTC", ...options.env };
  if (cwd === undefined) return runHere(args, env);
  if (inside.folder !== null && inside.folder !== cwd) return startSluice(args, options).ended;
  enter(cwd);
  try {
    return await runHere(args, env, cwd);
  } finally {
    leave();
  }
}

/** The folder that command lines work in now, and how many: it belongs to the whole process. */
const inside: { folder: string | null; runs: number; back: string } = { folder: null, runs: 0, back: "/" };

function enter(folder: string): void {
  if (inside.runs === 0) {
    inside.back = process.cwd();
    process.chdir(folder);
    inside.folder = folder;
  }
  inside.runs += 1;
}

function leave(): void {
  inside.runs -= 1;
  if (inside.runs > 0) return;
  process.chdir(inside.back);
  inside.folder = null;
}
