import { blockerOf, downOf } from "./blocker.ts";
import { decided } from "./decided.ts";
import { failMembers, stuck } from "./failing.ts";
import { at, fact, isApplied, type Move, servedMs, stepAt, wanting } from "./move.ts";
import { endRevert, revert } from "./revert.ts";
import { batchFailing, isGivenUp, isGoingBack } from "./rolling-batch.ts";
import type { Cursor, Fact, Phase, Rollout, Stage, Step } from "./rollout.ts";
import { afterDwell, applyStep, nextStep, observe, raised, waitFor } from "./steps.ts";
import type { Task } from "./task.ts";
import { taskState } from "./task-state.ts";
import { type Bp, type Member, type Ms, type Now, never } from "./units.ts";
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
      if (rollout.rolling?.failing != null) return null;
      return deserted(rollout, phase.cursor, now) ?? forwardStage(rollout, phase.cursor, now);
    case "reverting":
      if (rollout.backFrom !== null) return forwardStage(rollout, phase.cursor, now);
      return isBack(rollout) ? endRevert(rollout, phase.cursor, phase.cause, now) : null;
    case "failed":
      return takenAfterAll(rollout, phase.cursor, phase.cause, now);
    case "paused":
      return deserted(rollout, phase.cursor, now) ?? withdrawnInPause(rollout, phase, now);
    case "promoted":
    case "reverted":
      return null;
    default:
      return never(phase);
  }
}

/** A way back that nginx refused goes on once it is proved; one that failed otherwise waits for a person. */
function takenAfterAll(rollout: Rollout, cursor: Cursor, cause: string, now: Now): Move | null {
  if (rollout.backFrom === null) return isBack(rollout) ? endRevert(rollout, cursor, cause, now) : null;
  const taken = cursor.stage.at === "applying" && isApplied(rollout) ? forwardStage(rollout, cursor, now) : null;
  if (taken === null) return null;
  return { ...taken, facts: [fact("reverting", cursor.step, `nginx takes the way back after all: ${cause}`), ...taken.facts] };
}

/** Nginx proved the way back, or was never told anything that would have to be taken back. */
function isBack(rollout: Rollout): boolean {
  return isApplied(rollout) || rollout.seq === 1;
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
      return isApplied(rollout) ? observe(rollout, cursor, step, now) : withdrawn(rollout, cursor, step, now);
    case "observing":
      return forwardDwell(rollout, cursor, stage, step, now);
    case "held":
      return forwardHeld(rollout, cursor, stage, step, now);
    default:
      return never(stage);
  }
}

/** Members that nginx has not taken out yet stay in where they cannot be spared any more. */
function withdrawn(rollout: Rollout, cursor: Cursor, step: Step, now: Now): Move | null {
  const index = step.before.findIndex((task) => task.do === "capacity");
  const task = step.before[index];
  if (task?.do !== "capacity" || isGoingBack(rollout)) return null;
  const out = rollout.want.out.filter((member) => !task.members.includes(member));
  const before = wanting(rollout, { ...rollout.want, out });
  const stage = { at: "waiting", list: "before", task: index, since: now.t, deadline: null } as const;
  return taskState(before, cursor, stage, task, now.t).is === "done" ? null : waitFor(before, cursor, "before", index, now);
}

/** A pause takes no step, and leaves nobody out who cannot be spared. */
function withdrawnInPause(rollout: Rollout, phase: Phase & { phase: "paused" }, now: Now): Move | null {
  const { cursor } = phase;
  if (cursor.stage.at !== "applying" || isApplied(rollout)) return null;
  const back = withdrawn(rollout, cursor, stepAt(rollout, cursor.step), now);
  if (back === null || back.rollout.phase.phase !== "moving") return null;
  return { rollout: { ...back.rollout, phase: { ...phase, cursor: back.rollout.phase.cursor } }, facts: back.facts };
}

// --- tasks before and after -----------------------------------------------------------------------------------------

function forwardTask(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "waiting" }, step: Step, now: Now): Move | null {
  const task = step[stage.list][stage.task];
  if (task === undefined) return stage.list === "before" ? applyStep(rollout, cursor, step, now) : nextStep(rollout, cursor, now);
  const state = taskState(rollout, cursor, stage, task, now.t);
  if (state.is === "done") return waitFor(rollout, cursor, stage.list, stage.task + 1, now);
  if (state.is === "failed") return afterFailure(rollout, cursor, stage, task, { text: state.text, members: state.members }, now);
  if (stage.deadline === null || now.t < stage.deadline) return null;
  // As long as nginx still sends requests, no time for the last of them has begun.
  if (task.do === "drained" && !isApplied(rollout)) return null;
  const text = task.do === "approval" ? `nobody approved within ${inWords(task.withinMs ?? 0)}` : state.missing;
  return afterFailure(rollout, cursor, stage, task, { text, members: state.members }, now);
}

/** `90 s`, `5 min`: a time as people say it. */
function inWords(ms: Ms): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Number((ms / 1000).toPrecision(3))} s`;
}

/** What a task says of its failure, or of its deadline. */
function afterFailure(
  rollout: Rollout,
  cursor: Cursor,
  stage: Stage & { at: "waiting" },
  task: Task,
  { text, members }: { readonly text: string; readonly members: readonly Member[] },
  now: Now,
): Move {
  switch (task.otherwise) {
    case "back":
      return isGoingBack(rollout) ? stuck(rollout, cursor, text, now) : revert(rollout, cursor, text, null, now);
    case "go": {
      const gone = waitFor(rollout, cursor, stage.list, stage.task + 1, now);
      return { rollout: gone.rollout, facts: [fact("advanced", cursor.step, `went on: ${text}`), ...gone.facts] };
    }
    case "hold":
      return { rollout: at(rollout, cursor, { ...stage, deadline: null }), facts: [fact("held", cursor.step, text)] };
    case "fail":
      return failMembers(rollout, cursor, members, text, now);
    default:
      return never(task.otherwise);
  }
}

// --- the dwell ------------------------------------------------------------------------------------------------------

function forwardDwell(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "observing" }, step: Step, now: Now): Move | null {
  if (isGivenUp(rollout, step) && isApplied(rollout)) return afterDwell(rollout, cursor, now);
  const down = batchFailing(rollout, step);
  if (down !== null) return failMembers(rollout, cursor, down.members, down.text, now);
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
  const held: Stage = { at: "held", on: blocker.on, reason: blocker.reason, since, servedMs: served, until: null };
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

/** What was good before a freeze has to be good after it. */
function thaw(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "held" }, until: Ms, step: Step, now: Now): Move | null {
  if (now.t < until) return null;
  const rampBp = step.ramp === null ? null : step.ramp.toBp;
  const observing: Stage = { at: "observing", servedMs: stage.servedMs, asOf: now.t, rampBp, refused: null };
  return { rollout: at(rollout, cursor, observing), facts: [fact("observing", cursor.step, "the freeze is over")] };
}

function forwardHeld(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "held" }, step: Step, now: Now): Move | null {
  if (stage.until !== null) return thaw(rollout, cursor, stage, stage.until, step, now);
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
