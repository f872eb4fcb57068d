import { blockerOf, downOf } from "./blocker.ts";
import { decided } from "./decided.ts";
import { at, fact, isApplied, type Move, servedMs, stepAt, taskKey, wanting } from "./move.ts";
import { endRevert, revert } from "./revert.ts";
import type { Cursor, Fact, Rollout, Stage, Step, Task } from "./rollout.ts";
import type { Want } from "./route.ts";
import { type Bp, type Ms, type Now, never } from "./units.ts";
import { percent, shareOf, split } from "./want.ts";

/** Takes a rollout as far as it can go by itself now. Every other signal ends here. */
export function settle(from: Move, now: Now): Move {
  let move = from;
  for (let next = forward(move.rollout, now); next !== null; next = forward(move.rollout, now)) {
    move = { rollout: next.rollout, facts: [...move.facts, ...next.facts] };
  }
  return move;
}

function forward(rollout: Rollout, now: Now): Move | null {
  const { phase } = rollout;
  switch (phase.phase) {
    case "moving":
      return deserted(rollout, phase.cursor, now) ?? forwardStage(rollout, phase.cursor, now);
    case "reverting":
    case "failed":
      return isApplied(rollout) || rollout.seq === 1 ? endRevert(rollout, phase.cursor, phase.cause, now) : null;
    case "paused":
      return deserted(rollout, phase.cursor, now);
    case "promoted":
    case "reverted":
      return null;
    default:
      return never(phase);
  }
}

/**
 * Back at once where the candidate has traffic and no ready member.
 *
 * Where stable has none ready either, the traffic stays: a way back to a dead pool would help nobody, and it may be our
 * own sight that is gone.
 */
function deserted(rollout: Rollout, cursor: Cursor, now: Now): Move | null {
  const candidate = rollout.readiness[rollout.to];
  const stable = rollout.readiness[rollout.from];
  if (shareOf(rollout.want.shares, rollout.to) === 0 || candidate === undefined || candidate.ready + candidate.unknown > 0)
    return null;
  if (stable === undefined || stable.ready === 0) return null;
  const why = candidate.reason === null ? "" : `: ${candidate.reason}`;
  return revert(rollout, cursor, `no member of ${rollout.to} is ready${why}`, null, now);
}

function forwardStage(rollout: Rollout, cursor: Cursor, now: Now): Move | null {
  const { stage } = cursor;
  const step = stepAt(rollout, cursor.step);
  switch (stage.at) {
    case "waiting":
      return forwardTask(rollout, cursor, stage, step, now);
    case "applying":
      return isApplied(rollout) ? observe(rollout, cursor, step, now) : null;
    case "observing":
      return forwardDwell(rollout, cursor, stage, step, now);
    case "held":
      return forwardHeld(rollout, cursor, stage, step, now);
    default:
      return never(stage);
  }
}

// --- tasks before and after -----------------------------------------------------------------------------------------

function forwardTask(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "waiting" }, step: Step, now: Now): Move | null {
  const task = step[stage.list][stage.task];
  if (task === undefined) return stage.list === "before" ? applyStep(rollout, cursor, step, now) : nextStep(rollout, cursor, now);
  const missing = missingOf(rollout, cursor, stage, task);
  if (missing === null) return waitFor(rollout, cursor, stage.list, stage.task + 1, now);
  if (stage.deadline === null || now.t < stage.deadline) return null;
  switch (task.otherwise) {
    case "back":
      return revert(rollout, cursor, missing, null, now);
    case "go":
      return waitFor(rollout, cursor, stage.list, stage.task + 1, now);
    case "hold":
      return { rollout: at(rollout, cursor, { ...stage, deadline: null }), facts: [fact("held", cursor.step, missing)] };
    default:
      return never(task.otherwise);
  }
}

/** What a task still waits for, in words; null where it is done. */
function missingOf(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "waiting" }, task: Task): string | null {
  switch (task.do) {
    case "healthy":
      return downOf(rollout);
    case "approval": {
      const given = rollout.tasks[taskKey(cursor.step, stage.list, stage.task)];
      return given?.ok === true ? null : "waits for approval";
    }
    default:
      return never(task);
  }
}

/** Goes to a task of a list, or past its end. A promotion waits for no person. */
export function waitFor(rollout: Rollout, cursor: Cursor, list: "before" | "after", index: number, now: Now): Move {
  const task = stepAt(rollout, cursor.step)[list][index];
  const deadline = task?.withinMs == null ? null : now.t + task.withinMs;
  const moved = at(rollout, cursor, { at: "waiting", list, task: index, since: now.t, deadline });
  if (task === undefined) return { rollout: moved, facts: [] };
  const text = task.do === "approval" ? "waits for approval" : `waits for every member of ${task.pool} to be ready`;
  return { rollout: moved, facts: [fact("waiting", cursor.step, text)] };
}

// --- steps ----------------------------------------------------------------------------------------------------------

/** Enters a step anew: what was said about an earlier entry does not count for this one. */
export function enter(rollout: Rollout, cursor: Cursor, step: number, now: Now): Move {
  return waitFor(rollout, { ...cursor, step, entry: cursor.entry + 1 }, "before", 0, now);
}

function nextStep(rollout: Rollout, cursor: Cursor, now: Now): Move {
  if (cursor.step + 1 < rollout.plan.length) return enter(rollout, cursor, cursor.step + 1, now);
  const cause = rollout.promoted === null ? "every step passed" : `promoted by ${rollout.promoted.by}`;
  const ended: Rollout = { ...rollout, phase: { phase: "promoted", at: now.t, cause }, endedAt: now.wall, watch: null };
  const data = decided(rollout, "promote", now);
  return { rollout: ended, facts: [fact("promoted", cursor.step, `${rollout.to} is stable: ${cause}`, null, data)] };
}

function applyStep(rollout: Rollout, cursor: Cursor, step: Step, now: Now): Move {
  const wanted = at(wanting(rollout, wantOnEntry(rollout, step)), cursor, { at: "applying", since: now.t, refused: null });
  return {
    rollout: wanted,
    facts: [fact("applying", cursor.step, `step ${cursor.step + 1} of ${rollout.plan.length}: ${step.label}`)],
  };
}

/** What a step wants when it is entered: of a ramp the first raise. */
export function wantOnEntry(rollout: Rollout, step: Step): Want {
  if (step.ramp === null) return step.want;
  return { ...step.want, shares: split(rollout.from, rollout.to, raised(step.ramp.fromBp, step, rollout)) };
}

function observe(rollout: Rollout, cursor: Cursor, step: Step, now: Now): Move {
  const rampBp = step.ramp === null ? null : raised(step.ramp.fromBp, step, rollout);
  const observed = at(rollout, cursor, { at: "observing", servedMs: 0, asOf: now.t, rampBp, refused: null });
  const facts = [fact("observing", cursor.step, `nginx serves ${step.label}`)];
  return {
    rollout: {
      ...observed,
      watch: { entry: cursor.entry, since: now.t, alone: rampBp === null && shareOf(step.want.shares, rollout.from) === 0 },
    },
    facts,
  };
}

// --- the dwell ------------------------------------------------------------------------------------------------------

/** The next share of a ramp: a promotion takes the rest at once, and the end is never passed. */
export function raised(fromBp: Bp, step: Step, rollout: Rollout): Bp {
  const { ramp } = step;
  if (ramp === null) return fromBp;
  return rollout.promoted === null ? Math.min(ramp.toBp, fromBp + ramp.quantumBp) : ramp.toBp;
}

function forwardDwell(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "observing" }, step: Step, now: Now): Move | null {
  const served = servedMs(rollout, stage, now);
  const raise = raiseOf(rollout, stage, step, served);
  if (raise !== null) {
    const wanted = wanting(rollout, { ...rollout.want, shares: split(rollout.from, rollout.to, raise) });
    const moved = at(wanted, cursor, {
      ...stage,
      servedMs: Math.min(served, nextRaiseMs(step, stage)),
      asOf: now.t,
      rampBp: raise,
      refused: null,
    });
    return { rollout: moved, facts: [fact("applying", cursor.step, `ramp at ${percent(raise)}`)] };
  }
  if (!isApplied(rollout) || isRamping(step, stage)) return null;
  if (rollout.promoted !== null) return afterDwell(rollout, cursor, now);
  if (served < step.leastMs) return null;
  const blocker = blockerOf(rollout, cursor, step);
  if (blocker === null) return passed(rollout, cursor, step, now);
  if (served < observedAtMostMs(step)) return null;
  // What a step until evidence has waited for it counts as held.
  const since = step.untilEvidence ? now.t - (served - step.leastMs) : now.t;
  const held: Stage = { at: "held", on: blocker.on, reason: blocker.reason, since, servedMs: served };
  return { rollout: at(rollout, cursor, held), facts: [heldFact(rollout, cursor, blocker.reason, now)] };
}

function heldFact(rollout: Rollout, cursor: Cursor, reason: string, now: Now): Fact {
  return fact("held", cursor.step, reason, null, decided(rollout, "hold", now));
}

/** Ends the dwell of a step whose evidence is good, and says what that was. */
function passed(rollout: Rollout, cursor: Cursor, step: Step, now: Now): Move {
  const move = afterDwell(rollout, cursor, now);
  if (step.needs.length === 0) return move;
  const texts = step.needs.map((name) => `${name}: ${rollout.verdicts[name]?.verdict.text ?? ""}`);
  const said = fact("passed", cursor.step, `${step.label} is over: ${texts.join("; ")}`, null, decided(rollout, "advance", now));
  return { rollout: move.rollout, facts: [said, ...move.facts] };
}

/** Served time after which a step that may not end is held: its dwell, and `until: evidence` also all of its hold. */
export function observedAtMostMs({ leastMs, untilEvidence, hold }: Step): Ms {
  return untilEvidence ? leastMs + hold.atMostMs : leastMs;
}

/** The share to raise a ramp to now, or null where it is at its end, not proved yet, not due, or a member is down. */
function raiseOf(rollout: Rollout, stage: Stage & { at: "observing" }, step: Step, served: Ms): Bp | null {
  if (!isRamping(step, stage) || stage.rampBp === null || !isApplied(rollout) || downOf(rollout) !== null) return null;
  const due = nextRaiseMs(step, stage);
  return rollout.promoted !== null || served >= due ? raised(stage.rampBp, step, rollout) : null;
}

/** True while a ramp is not at its end. */
export function isRamping(step: Step, stage: Stage & { at: "observing" }): boolean {
  return step.ramp !== null && stage.rampBp !== step.ramp.toBp;
}

/** Served time at which the next raise of a ramp is due. */
export function nextRaiseMs(step: Step, stage: Stage & { at: "observing" }): Ms {
  if (step.ramp === null || stage.rampBp === null) return step.leastMs;
  const raises = Math.ceil((stage.rampBp - step.ramp.fromBp) / step.ramp.quantumBp);
  return raises * step.ramp.everyMs;
}

/** Ends the dwell: what comes after it, or the next step. */
export function afterDwell(rollout: Rollout, cursor: Cursor, now: Now): Move {
  const { after } = stepAt(rollout, cursor.step);
  return after.length > 0 && rollout.promoted === null
    ? waitFor(rollout, cursor, "after", 0, now)
    : nextStep(rollout, cursor, now);
}

function forwardHeld(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "held" }, step: Step, now: Now): Move | null {
  if (rollout.promoted !== null) return afterDwell(rollout, cursor, now);
  const blocker = blockerOf(rollout, cursor, step);
  if (blocker === null) return passed(rollout, cursor, step, now);
  if (blocker.on !== stage.on) {
    const held: Stage = { ...stage, on: blocker.on, reason: blocker.reason };
    return { rollout: at(rollout, cursor, held), facts: [heldFact(rollout, cursor, blocker.reason, now)] };
  }
  const over = step.hold.then !== "wait" && now.t >= stage.since + step.hold.atMostMs;
  if (over && step.hold.then === "abort") return revert(rollout, cursor, `held too long: ${blocker.reason}`, null, now);
  if (over && step.hold.then === "advance" && blocker.skippable) {
    const moved = afterDwell(rollout, cursor, now);
    const text = `went on without the evidence, as \`hold\` says: ${blocker.reason}`;
    const skipped = fact("advanced", cursor.step, text, null, decided(rollout, "advance", now));
    return { rollout: moved.rollout, facts: [skipped, ...moved.facts] };
  }
  return blocker.reason === stage.reason
    ? null
    : { rollout: at(rollout, cursor, { ...stage, reason: blocker.reason }), facts: [] };
}
