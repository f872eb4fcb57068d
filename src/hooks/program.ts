import { setTimeout as wait } from "node:timers/promises";
import { execa } from "execa";
import type { HookEnd } from "../core/ports.ts";
import type { Ms } from "../core/units.ts";
import type { Confidence } from "../secrets/confidence.ts";
import { endGroup } from "./group.ts";
import { lastLine, Tail } from "./tail.ts";

/** A program to run to its end, without a shell. */
export type Program = {
  /** The program, then its arguments. */
  readonly argv: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly deadlineMs: Ms;
  readonly confidence: Confidence;
};

/** Between SIGTERM and SIGKILL; less than the few seconds that a task waits for its hook's own words. */
export const GRACE_MS: Ms = 3_000;
/** What a program left running may hold its output open; so long its last words are waited for. */
const LAST_WORDS_MS: Ms = 500;

/**
 * Runs a program in a process group of its own. It is over when the program itself has ended; at the deadline or where `signal` aborts,
 * the whole group is ended first. Never rejects where `started` does not.
 */
export async function runProgram(
  program: Program,
  started: (pid: number) => Promise<void>,
  signal: AbortSignal,
): Promise<HookEnd> {
  const [file = "", ...args] = program.argv;
  const tail = new Tail();
  const child = execa(file, args, {
    env: program.env,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    all: true,
    buffer: false,
    detached: true,
    cleanup: false,
  });
  // Read to its end also when the program is over: what it left running would be ended by a closed pipe.
  child.all.on("data", (chunk: Buffer) => tail.add(chunk));
  const { pid } = child;
  if (pid === undefined) return unstarted(program.confidence.shown(file), (await child).code);
  const exited = new Promise<Exit>((resolve) => {
    child.nodeChildProcess.once("exit", (code, by) => resolve({ code, by }));
  });
  const deadline = AbortSignal.timeout(program.deadlineMs);
  await started(pid);
  const exit = await Promise.race([exited, aborted(AbortSignal.any([deadline, signal]))]);
  if (exit === null) await endGroup(pid, GRACE_MS);
  await Promise.race([child, wait(LAST_WORDS_MS)]);
  const output = tail.text(program.confidence);
  if (exit !== null) return { ...outcome(exit, program.confidence.shown(lastLine(output))), output };
  const text = signal.aborted
    ? "was ended: it is no longer wanted, or Sluice is stopping"
    : `did not end within ${program.deadlineMs / 1_000} s, and was ended`;
  return { ok: false, text, output };
}

type Exit = { readonly code: number | null; readonly by: NodeJS.Signals | null };

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}

function outcome({ code, by }: Exit, said: string): Omit<HookEnd, "output"> {
  if (code === 0) return { ok: true, text: "succeeded" };
  const how = code === null ? `was ended by ${by}` : `ended with ${code}`;
  return { ok: false, text: said === "" ? how : `${how}: ${said}` };
}

function unstarted(file: string, code: string | undefined): HookEnd {
  const why =
    code === "ENOENT" ? "there is no such program" : code === "EACCES" ? "it may not be executed" : (code ?? "unknown reason");
  return { ok: false, text: `cannot be run: ${file}: ${why}`, output: "" };
}
