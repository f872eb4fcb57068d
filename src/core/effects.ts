import { downOf } from "./blocker.ts";
import type { Hold } from "./check.ts";
import { judgedMembers } from "./failing.ts";
import { servedMs, stepAt } from "./move.ts";
import { isRamping, nextRaiseMs, observedAtMostMs } from "./progress.ts";
import { concerned } from "./rolling-batch.ts";
import type { Cursor, Effect, Rollout, Stage } from "./rollout.ts";
import type { Task } from "./task.ts";
import { failedHooks, taskEffects } from "./task-effects.ts";
import { healthyAt } from "./task-state.ts";
import { type Ms, type Now, never } from "./units.ts";

/** What a rollout wants under way now. The driver compares it with what is: recovery after a crash is the same call. */
export function effects(rollout: Rollout): readonly Effect[] {
  const { phase } = rollout;
  if (phase.phase === "promoted" || phase.phase === "reverted") return [];
  if (phase.phase === "failed") return failedHooks(rollout, phase.since);
  const wakes = phase.phase === "paused" ? [] : wakesOf(rollout, phase.cursor);
  return [
    ...(phase.phase === "reverting" ? [] : judging(rollout)),
    ...taskEffects(rollout, phase.cursor),
    ...wakes.map((wakeAt) => ({ effect: "wake", key: `wake ${rollout.id} ${wakeAt}`, at: wakeAt }) as const),
  ];
}

/** Judging goes on while applying, waiting, paused and held; it belongs to the entry that was proved last, and begins anew where others are judged. */
function judging(rollout: Rollout): readonly Effect[] {
  if (rollout.watch === null || rollout.checks.length === 0) return [];
  const { entry, since, alone } = rollout.watch;
  const members = judgedMembers(rollout);
  const key = `judge ${rollout.id} ${entry}${members === null ? "" : ` ${members.join(",")}`}`;
  return [
    {
      effect: "judge",
      key,
      rollout: rollout.id,
      pool: rollout.to,
      stable: rollout.from,
      version: rollout.version,
      entry,
      since,
      alone,
      checks: rollout.checks,
      metrics: rollout.metrics,
      members,
    },
  ];
}

/** The controller times at which the stage may change by itself; none where only something else can change it. */
function wakesOf(rollout: Rollout, cursor: Cursor): readonly Ms[] {
  const { stage } = cursor;
  const step = stepAt(rollout, cursor.step);
  switch (stage.at) {
    case "waiting": {
      const task = step[stage.list][stage.task];
      const healthy = task?.do === "members" ? healthyTimes(rollout, task) : [];
      return stage.deadline === null ? healthy : [...healthy, stage.deadline];
    }
    case "applying":
      return [];
    case "observing": {
      if (rollout.appliedSeq < rollout.seq) return [];
      const ramping = isRamping(step, stage);
      if (ramping && downOf(rollout) !== null) return [];
      const served = ramping ? [nextRaiseMs(step, stage)] : [step.leastMs, observedAtMostMs(step)];
      return [...new Set(served)].map((ms) => stage.asOf + Math.max(0, ms - stage.servedMs));
    }
    case "held":
      if (stage.until !== null) return [stage.until];
      return step.hold.then === "wait" ? [] : [stage.since + step.hold.atMostMs];
    default:
      return never(stage);
  }
}

/** When the members that a task waits for have been healthy for long enough, as far as that is known. */
function healthyTimes(rollout: Rollout, task: Task & { do: "members" }): readonly Ms[] {
  return concerned(rollout, task.members)
    .map((member) => healthyAt(rollout, member, task.forMs))
    .filter(Number.isFinite);
}

/**
 * What is left of the dwell (in served time, at most where the step is `until: evidence`), the deadline or the hold; null where nothing
 * counts down: a person must act.
 */
export function remainingMs(rollout: Rollout, now: Now): Ms | null {
  const { phase } = rollout;
  if ((phase.phase !== "moving" && phase.phase !== "paused") || rollout.rolling?.failing != null) return null;
  const { stage } = phase.cursor;
  const dwellMs = observedAtMostMs(stepAt(rollout, phase.cursor.step));
  const at = phase.phase === "paused" ? { ...now, t: phase.at } : now;
  if (stage.at === "observing") return dwellMs === 0 ? null : Math.max(0, dwellMs - dwelt(rollout, stage, at));
  if (stage.at === "waiting" && stage.deadline !== null) return Math.max(0, stage.deadline - at.t);
  if (stage.at === "held" && stage.until !== null) return Math.max(0, stage.until - at.t);
  if (stage.at === "held") return heldMs(stage.since, stepAt(rollout, phase.cursor.step).hold, at.t);
  return null;
}

/** A ramp that waits for a raise gets no further than to that raise. */
function dwelt(rollout: Rollout, stage: Stage & { at: "observing" }, now: Now): Ms {
  const { phase } = rollout;
  const step = stepAt(rollout, "cursor" in phase ? phase.cursor.step : 0);
  const served = servedMs(rollout, stage, now);
  return isRamping(step, stage) ? Math.min(served, nextRaiseMs(step, stage)) : served;
}

/** What is left of a hold; null once it is over and the rollout has stayed: `then: wait`, or evidence that is broken. */
function heldMs(since: Ms, hold: Hold, t: Ms): Ms | null {
  const left = since + hold.atMostMs - t;
  return left > 0 ? left : null;
}
