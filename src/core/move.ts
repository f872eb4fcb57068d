import type { Cursor, Fact, PhaseName, Rollout, Stage, Step } from "./rollout.ts";
import type { Want } from "./route.ts";
import type { Ms, Now } from "./units.ts";
import { sameWant } from "./want.ts";

/** A rollout's next value, with what happened on the way to it. */
export type Move = { readonly rollout: Rollout; readonly facts: readonly Fact[] };

/** Wants something else of the traffic; `seq` rises only where it really is something else. */
export function wanting(rollout: Rollout, want: Want): Rollout {
  return sameWant(rollout.want, want) ? rollout : { ...rollout, want, seq: rollout.seq + 1 };
}

/** Puts a rollout to a stage: moving, unless it is on its way back. */
export function at(rollout: Rollout, cursor: Cursor, stage: Stage): Rollout {
  const { phase } = rollout;
  const next = { ...cursor, stage };
  if (phase.phase !== "reverting" && phase.phase !== "failed") return { ...rollout, phase: { phase: "moving", cursor: next } };
  return { ...rollout, phase: { phase: "reverting", cursor: next, cause: phase.cause, since: phase.since } };
}

/** The step at an index of the plan; a plan is never shorter than its cursor. */
export function stepAt(rollout: Rollout, index: number): Step {
  const step = rollout.plan[index];
  if (step === undefined) throw new Error(`${rollout.id} has no step ${index}`);
  return step;
}

export function isApplied(rollout: Rollout): boolean {
  return rollout.appliedSeq >= rollout.seq;
}

/** The dwell that an observing stage has served by now. It stands still while a raise of a ramp is not proved. */
export function servedMs(rollout: Rollout, stage: Stage & { at: "observing" }, now: Now): Ms {
  return stage.servedMs + (isApplied(rollout) ? Math.max(0, now.t - stage.asOf) : 0);
}

/**
 * Names the result of one task of one step; results outlive retry and pause. Between pools, the way back stands where other steps
 * stood: its tasks are other work.
 */
export function taskKey({ backFrom, rolling }: Rollout, step: number, list: "before" | "after", task: number): string {
  const way = rolling === null && backFrom !== null && step >= backFrom ? "back." : "";
  return `${way}${step}.${list}.${task}`;
}

export function fact(
  kind: Fact["kind"],
  step: number | null,
  text: string,
  actor: string | null = null,
  data: Fact["data"] = {},
): Fact {
  return { kind, step, actor, text, data };
}

/** The phase as everybody outside the core sees it: while a rollout moves, what its step is doing. */
export function phaseName({ phase, rolling }: Rollout): PhaseName {
  if (phase.phase !== "moving") return phase.phase;
  if (rolling?.failing != null) return "waiting";
  const { stage } = phase.cursor;
  return stage.at === "held" ? "waiting" : stage.at;
}
