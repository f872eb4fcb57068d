import { execa } from "execa";
import type { MetricSource } from "../core/ports.ts";
import type { CommandMetric } from "../core/service.ts";
import type { Fill } from "../secrets/confidence.ts";
import { numberOf } from "./number.ts";
import { fillIn } from "./placeholders.ts";
import { type Answer, type Asking, answerOf, readyNumbers } from "./ready-number.ts";

/** A number needs a line; a program that says more than this is not asked for a number. */
const MOST_CHARACTERS = 100_000;

/** What a program gets of Sluice's own environment, which may hold secrets that are none of its business. */
const INHERITED = ["PATH", "HOME", "LANG", "TZ"];

/** Runs a program and takes its last line as a number. `inherited` is the environment to take `PATH` and the like from. */
export function createCommand(
  fill: Fill,
  inherited: Readonly<Record<string, string | undefined>>,
): MetricSource<CommandMetric> & AsyncDisposable {
  const base = Object.fromEntries(INHERITED.flatMap((name) => (inherited[name] === undefined ? [] : [[name, inherited[name]]])));
  return readyNumbers((metric, asking) => run(metric, asking, base), fill);
}

async function run(metric: CommandMetric, { values, confidence, signal }: Asking, base: Record<string, string>): Promise<Answer> {
  const asIs = (value: string) => value;
  const [program = "", ...args] = metric.command.map((one) => fillIn(confidence.text(one), values, asIs));
  const env: Record<string, string> = { ...base };
  for (const [name, one] of Object.entries(metric.env)) env[name] = fillIn(await confidence.secret(one), values, asIs);
  const deadline = AbortSignal.timeout(metric.timeoutMs);
  // A group of its own, so that whatever the program started ends with it and cannot hold its output open.
  const child = execa(program, args, {
    env,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    detached: true,
    maxBuffer: MOST_CHARACTERS,
    stripFinalNewline: true,
  });
  const end = () => endGroup(child.pid);
  const over = AbortSignal.any([deadline, signal]);
  over.addEventListener("abort", end);
  try {
    if (over.aborted) end();
    const result = await child;
    if (result.isMaxBuffer) end();
    const name = metric.command[0] ?? "";
    if (signal.aborted) return { is: "broken", why: `${name} was ended: Sluice is stopping` };
    if (deadline.aborted) return { is: "broken", why: `${name} did not end within ${metric.timeoutMs / 1000} s` };
    return answerFrom(name, result);
  } finally {
    over.removeEventListener("abort", end);
  }
}

type Result = {
  readonly isMaxBuffer: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

function answerFrom(name: string, result: Result): Answer {
  if (result.isMaxBuffer) return { is: "broken", why: `${name} said more than ${MOST_CHARACTERS} characters` };
  if (result.signal !== undefined) return { is: "broken", why: `${name} was ended by ${result.signal}` };
  if (result.exitCode === undefined) return { is: "broken", why: `${name} cannot be run (${result.code ?? "unknown reason"})` };
  const said = lastLine(result.stderr);
  if (result.exitCode !== 0)
    return { is: "broken", why: `${name} ended with ${result.exitCode}${said === "" ? "" : `: ${said}`}` };
  const line = lastLine(result.stdout);
  return line === "" ? { is: "broken", why: `${name} said nothing` } : answerOf(numberOf(line), `the last line of ${name}`);
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group ended by itself in the meantime.
  }
}
