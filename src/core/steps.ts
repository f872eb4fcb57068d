import { decided } from "./decided.ts";
import { stuck } from "./failing.ts";
import { frozenAt } from "./freeze.ts";
import { at, fact, type Move, stepAt, taskKey, wanting } from "./move.ts";
import { endRevert } from "./revert.ts";
import { beginTask, firstOfBatch, isGoingBack, leftOutText, wantOf } from "./rolling-batch.ts";
import type { Cursor, Rollout, Stage, Step, Watch } from "./rollout.ts";
import type { Want } from "./route.ts";
import type { Task } from "./task.ts";
import { type Bp, type Now, never } from "./units.ts";
import { shareOf, split } from "./want.ts";
import { toUndo } from "./way-back.ts";

/** Enters a step anew: what was said about an earlier entry does not count for this one. */
export function enter(rollout: Rollout, cursor: Cursor, step: number, now: Now): Move {
  return waitFor(rollout, { ...cursor, step, entry: cursor.entry + 1 }, "before", 0, now);
}

/** Goes to a task of a list, or past its end. */
export function waitFor(rollout: Rollout, cursor: Cursor, list: "before" | "after", index: number, now: Now): Move {
  const task = stepAt(rollout, cursor.step)[list][index];
  const deadline = task?.withinMs == null ? null : now.t + task.withinMs;
  const stage: Stage = { at: "waiting", list, task: index, since: now.t, deadline };
  const begun = task === undefined ? rollout : beginTask(rollout, task, now.t);
  return {
    rollout: at(begun, cursor, stage),
    facts: task === undefined ? [] : [fact("waiting", cursor.step, waitsFor(task), null, { for: task.do })],
  };
}

function waitsFor(task: Task): string {
  switch (task.do) {
    case "approval":
      return "waits for approval";
    case "healthy":
      return `waits for every member of ${task.pool} to be ready`;
    case "capacity":
      return `waits until ${task.members.join(", ")} can be spared`;
    case "drained":
      return `waits for the requests in flight to ${task.members.join(", ")}`;
    case "hook":
      return `runs ${task.name}${task.members === null ? "" : ` for ${task.members.join(", ")}`}`;
    case "members":
      return `waits for ${task.members.join(", ")} to be healthy`;
    default:
      return never(task);
  }
}

/** Goes to the step after the present one, or ends. A freeze holds it, but neither a commit nor a way back. */
export function nextStep(rollout: Rollout, cursor: Cursor, now: Now): Move {
  if (isGoingBack(rollout)) return nextBack(rollout, cursor, now);
  const next = rollout.plan[cursor.step + 1];
  if (next === undefined) return promoted(rollout, cursor, now);
  const frozen = mayFreeze(rollout, cursor.step + 1) ? frozenAt(rollout.freezes, now.wall) : null;
  if (frozen === null) return enter(rollout, cursor, cursor.step + 1, now);
  const reason = `frozen by ${frozen.name} until ${new Date(frozen.until).toISOString()}`;
  const until = now.t + (frozen.until - now.wall);
  const { stage } = cursor;
  const held: Stage = { at: "held", on: "freeze", reason, since: now.t, servedMs: stepAt(rollout, cursor.step).leastMs, until };
  const facts = stage.at === "held" && stage.reason === reason ? [] : [fact("held", cursor.step, reason)];
  return { rollout: at(rollout, cursor, held), facts };
}

/** Not before a commit, and not in the middle of a batch: its members would stay out. */
function mayFreeze(rollout: Rollout, step: number): boolean {
  return rollout.rolling === null ? step < rollout.plan.length - 1 : firstOfBatch(rollout, { step }) === step;
}

function promoted(rollout: Rollout, cursor: Cursor, now: Now): Move {
  const why = rollout.promoted === null ? "every step passed" : `promoted by ${rollout.promoted.by}`;
  const cause = `${why}${leftOutText(rollout)}`;
  const ended: Rollout = { ...rollout, phase: { phase: "promoted", at: now.t, cause }, endedAt: now.wall, watch: null };
  const text = rollout.rolling === null ? `${rollout.to} is stable: ${cause}` : `${rollout.to} is updated: ${cause}`;
  return { rollout: ended, facts: [fact("promoted", cursor.step, text, null, decided(rollout, "promote", now))] };
}

function nextBack(rollout: Rollout, cursor: Cursor, now: Now): Move {
  const { phase } = rollout;
  if (cursor.step + 1 < rollout.plan.length) return enter(rollout, cursor, cursor.step + 1, now);
  if (toUndo(rollout).length > 0) return stuck(rollout, cursor, "there is no `rollback` hook", now);
  return endRevert(rollout, cursor, "cause" in phase ? phase.cause : "", now);
}

/** Wants what a step wants. */
export function applyStep(rollout: Rollout, cursor: Cursor, step: Step, now: Now): Move {
  const wanted = at(wanting(rollout, wantOnEntry(rollout, step)), cursor, { at: "applying", since: now.t, refused: null });
  return {
    rollout: wanted,
    facts: [fact("applying", cursor.step, `step ${cursor.step + 1} of ${rollout.plan.length}: ${step.label}`)],
  };
}

/** What a step wants when it is entered: of a ramp the first raise. */
export function wantOnEntry(rollout: Rollout, step: Step): Want {
  const want = wantOf(rollout, step);
  if (step.ramp === null) return want;
  return { ...want, shares: split(rollout.from, rollout.to, raised(step.ramp.fromBp, step, rollout)) };
}

/** Begins the dwell of a step that nginx serves. */
export function observe(rollout: Rollout, cursor: Cursor, step: Step, now: Now): Move {
  const rampBp = step.ramp === null ? null : raised(step.ramp.fromBp, step, rollout);
  const observed = at(rollout, cursor, { at: "observing", servedMs: 0, asOf: now.t, rampBp, refused: null });
  const facts = [fact("observing", cursor.step, `nginx serves ${step.label}`)];
  const alone = rollout.rolling === null && rampBp === null && shareOf(step.want.shares, rollout.from) === 0;
  const watch = { entry: cursor.entry, step: cursor.step, since: now.t, alone };
  return { rollout: { ...observed, watch: rollout.rolling === null ? watch : watchOf(rollout, step, watch) }, facts };
}

/** Nobody is judged while a batch is out: it does not run the new version yet. Between two batches the one before still is, as it was. */
function watchOf({ watch }: Rollout, { batch, want }: Step, fresh: Watch): Watch | null {
  if (batch === null) return watch;
  return batch.some((member) => want.out.includes(member)) ? null : fresh;
}

/** The next share of a ramp: a promotion takes the rest at once, and the end is never passed. */
export function raised(fromBp: Bp, step: Step, rollout: Rollout): Bp {
  const { ramp } = step;
  if (ramp === null) return fromBp;
  return rollout.promoted === null ? Math.min(ramp.toBp, fromBp + ramp.quantumBp) : ramp.toBp;
}

/** Ends the dwell: what comes after it, or the next step. */
export function afterDwell(rollout: Rollout, cursor: Cursor, now: Now): Move {
  const step = stepAt(rollout, cursor.step);
  const done = rollout.tasks[taskKey(rollout, cursor.step, "after", step.after.length - 1)]?.ok === true;
  return step.after.length > 0 && !done ? waitFor(rollout, cursor, "after", 0, now) : nextStep(rollout, cursor, now);
}
