import { setTimeout as wait } from "node:timers/promises";
import type { Ms } from "../core/units.ts";
import type { ErrorLog } from "./error-log.ts";
import { type Children, childrenOf, isAlive, type Master } from "./processes.ts";
import type { StatusAnswer, StatusClient } from "./status.ts";

/** How long the workers and their answers must stay as they are. */
export const SETTLE_MS: Ms = 150;
const LOOK_EVERY_MS: Ms = 4;
/** nginx tries to bind five times, half a second apart, before it gives up; until then a bind error decides nothing. */
const BIND_IS_PENDING = /\] \d+#\d+: (bind|listen)\(\) /;

export type ProofInput = {
  readonly generation: string;
  /** Workers that served before the signal and must not serve any more; empty where nothing was signalled. */
  readonly before: readonly number[];
  /** Null where the processes cannot be seen: then answers in a row have to do. */
  readonly master: Master | null;
  readonly status: StatusClient;
  /** Marked before the signal; null where the log cannot be read. */
  readonly log: ErrorLog | null;
  readonly deadlineMs: Ms;
  readonly monotonic: () => Ms;
  readonly signal: AbortSignal;
};

/** `dropped`: nginx said why it kept what it had. `outage`: no worker is left. `gone`: no master is. `late`: the deadline. */
export type Proof =
  | { readonly is: "proved"; readonly answer: StatusAnswer; readonly children: Children | null }
  | { readonly is: "failed"; readonly how: "dropped" | "outage" | "gone" | "late"; readonly said: readonly string[] };

/**
 * Waits until nginx serves the generation with every worker, and nothing else.
 *
 * The exit code of a reload proves nothing: nginx drops a configuration silently where, say, a port is taken. Here the new
 * generation must answer on a fresh connection, every earlier worker must be gone or shutting down, the master must have
 * complained of nothing since the signal, and all of that must hold for 150 ms.
 */
export async function prove(input: ProofInput): Promise<Proof> {
  const end = input.monotonic() + input.deadlineMs;
  let since: Ms | null = null;
  let workers = "";
  for (;;) {
    input.signal.throwIfAborted();
    const glance = await look(input);
    if (glance.is === "failed") return glance;
    const set = glance.children?.serving.join(" ") ?? "";
    if (!glance.good || set !== workers) since = null;
    workers = set;
    if (glance.good) {
      const answer = await input.status.generation();
      if (answer?.generation !== input.generation) since = null;
      else {
        since ??= input.monotonic();
        if (input.monotonic() - since >= SETTLE_MS) return { is: "proved", answer, children: glance.children };
      }
    }
    if (input.monotonic() >= end) return { is: "failed", how: "late", said: await complaints(input) };
    const leftMs = since === null ? LOOK_EVERY_MS : since + SETTLE_MS - input.monotonic();
    await wait(Math.max(1, Math.min(LOOK_EVERY_MS, leftMs)), undefined, { signal: input.signal });
  }
}

type Glance =
  | { readonly is: "seen"; readonly good: boolean; readonly children: Children | null }
  | (Proof & { readonly is: "failed" });

async function look(input: ProofInput): Promise<Glance> {
  if (input.master === null) return { is: "seen", good: true, children: null };
  const [children, said] = await Promise.all([childrenOf(input.master), complaints(input)]);
  const empty = children.serving.length === 0 && children.all - children.leaving.length === 0;
  if (empty && !(await isAlive(input.master))) return { is: "failed", how: "gone", said };
  const fatal = said.some((line) => line.includes("cannot be respawned"));
  if (fatal || (empty && said.length > 0)) return { is: "failed", how: "outage", said };
  if (said.some((line) => !BIND_IS_PENDING.test(line))) return { is: "failed", how: "dropped", said };
  const replaced = children.serving.length > 0 && children.serving.every((pid) => !input.before.includes(pid));
  return { is: "seen", good: replaced, children };
}

async function complaints(input: ProofInput): Promise<readonly string[]> {
  return input.log === null || input.master === null ? [] : input.log.complaints(input.master.pid);
}
