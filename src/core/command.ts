import { downOf, isDecisive } from "./blocker.ts";
import { decided } from "./decided.ts";
import { frozenAt } from "./freeze.ts";
import { giveUp } from "./member-command.ts";
import { at, fact, isApplied, type Move, phaseName, servedMs, stepAt, taskKey, wanting } from "./move.ts";
import { type Refused, refused } from "./refused.ts";
import { retry } from "./retry.ts";
import { endRevert, revert } from "./revert.ts";
import { versionsOf } from "./rolling-batch.ts";
import type { Command, Cursor, Fact, Phase, Rollout, Stage } from "./rollout.ts";
import { afterDwell, enter } from "./steps.ts";
import { taskState } from "./task-state.ts";
import { type Now, never, WHOLE } from "./units.ts";
import { shareOf, split } from "./want.ts";

type Told = { readonly actor: string; readonly reason: string | null };

/** What a verb does to a rollout: a move that still has to settle, a refusal with its reason, or nothing. */
export function obey(rollout: Rollout, command: Command, told: Told, now: Now): Move | Refused | null {
  switch (command.verb) {
    case "abort":
      return abort(rollout, told, now);
    case "pause":
      return pause(rollout, told, now);
    case "resume":
      return resume(rollout, told, now);
    case "advance":
      return advance(rollout, command.step, told, now);
    case "promote":
      return promote(rollout, told, now);
    case "retry":
      return retry(rollout, command, { actor: told.actor, said: because(saidOf(command), told) }, now);
    case "skip":
    case "exclude":
      return member(rollout, command, told);
    default:
      return never(command);
  }
}

function saidOf({ from }: Command & { verb: "retry" }): string {
  return from === "start" ? "retried from its first step" : "retried";
}

function because(verb: string, { actor, reason }: Told): string {
  return `${verb} by ${actor}${reason === null ? "" : `: ${reason}`}`;
}

/** Accepted in every phase that has something to take back; where everything is back already, there is nothing to do. */
function abort(rollout: Rollout, told: Told, now: Now): Move | Refused | null {
  const { phase } = rollout;
  switch (phase.phase) {
    case "moving":
    case "paused":
      return revert(rollout, phase.cursor, because("aborted", told), told.actor, now);
    case "failed":
      // What nginx refused is on its way back, and goes on by itself: only work that failed can be left as it is.
      if (rollout.rolling !== null && phase.cursor.stage.at === "applying") return null;
      return rollout.rolling === null
        ? revert(rollout, phase.cursor, phase.cause, told.actor, now)
        : endRevert(rollout, phase.cursor, `${phase.cause}; left as it is by ${told.actor}: ${versionsOf(rollout)}`, now);
    case "reverting":
    case "reverted":
      return null;
    case "promoted":
      return refused("wrong-phase", `${rollout.id} is promoted`, `to go back: sluice switch ${rollout.service} ${rollout.from}`);
    default:
      return never(phase);
  }
}

// --- pause and resume -----------------------------------------------------------------------------------------------

function pause(rollout: Rollout, told: Told, now: Now): Move | Refused | null {
  const { phase } = rollout;
  if (phase.phase === "paused") return null;
  if (phase.phase !== "moving")
    return refused("wrong-phase", `${rollout.id} is ${phaseName(rollout)}: there is nothing to pause`);
  const stage: Stage =
    phase.cursor.stage.at === "observing"
      ? { ...phase.cursor.stage, servedMs: servedMs(rollout, phase.cursor.stage, now), asOf: now.t }
      : phase.cursor.stage;
  const paused: Phase = { phase: "paused", cursor: { ...phase.cursor, stage }, by: told.actor, reason: told.reason, at: now.t };
  return {
    rollout: { ...rollout, phase: paused },
    facts: [fact("paused", phase.cursor.step, because("paused", told), told.actor)],
  };
}

function resume(rollout: Rollout, told: Told, now: Now): Move | Refused {
  const { phase } = rollout;
  if (phase.phase !== "paused") return refused("wrong-phase", `${rollout.id} is not paused`);
  const stage = later(phase.cursor.stage, now.t - phase.at, now);
  return {
    rollout: at(rollout, phase.cursor, stage),
    facts: [fact("resumed", phase.cursor.step, because("resumed", told), told.actor)],
  };
}

/** A stage as if the pause had not been: every deadline is as far away as it was. */
function later(stage: Stage, pausedMs: number, now: Now): Stage {
  switch (stage.at) {
    case "waiting":
      return { ...stage, since: stage.since + pausedMs, deadline: stage.deadline === null ? null : stage.deadline + pausedMs };
    case "applying":
      return stage;
    case "observing":
      return { ...stage, asOf: now.t };
    case "held":
      return { ...stage, since: stage.since + pausedMs };
    default:
      return never(stage);
  }
}

// --- advance and promote --------------------------------------------------------------------------------------------

/** The cursor of a rollout that can be told to go on, or why it cannot. */
function movable(rollout: Rollout, verb: string): Cursor | Refused {
  const { phase, rolling } = rollout;
  const failing = rolling?.failing ?? null;
  if (failing !== null && phase.phase === "moving")
    return refused("failed-check", `${rollout.id}: ${failing.text}`, "retry, skip or exclude the members that failed, or abort");
  if (phase.phase === "moving") return phase.cursor;
  if (phase.phase === "paused")
    return refused("paused", `${rollout.id} is paused by ${phase.by}`, `sluice resume ${rollout.service}, then ${verb}`);
  const failed = Object.values(rollout.verdicts).find(({ verdict }) => isDecisive(rollout, verdict));
  if (failed !== undefined) return refused("failed-check", `${rollout.id} is ${phaseName(rollout)}: ${failed.verdict.text}`);
  return refused("wrong-phase", `${rollout.id} is ${phaseName(rollout)}`);
}

/** Why nobody may go past the present step now: nginx does not serve it yet, or a member is down. */
function unready(rollout: Rollout, cursor: Cursor): Refused | null {
  if (!isApplied(rollout)) {
    const refusal = "refused" in cursor.stage && cursor.stage.refused !== null ? `: ${cursor.stage.refused}` : "";
    return refused(
      "wrong-phase",
      `${rollout.id}: nginx does not serve step ${cursor.step + 1} yet${refusal}`,
      "wait for it, or abort",
    );
  }
  const down = downOf(rollout);
  return down === null ? null : refused("not-ready", `${rollout.id}: ${down}`, "mend the members, or abort");
}

function advance(rollout: Rollout, step: number | null, told: Told, now: Now): Move | Refused {
  const cursor = movable(rollout, "advance");
  if ("is" in cursor) return cursor;
  if (step !== null && step !== cursor.step)
    return refused(
      "stale-step",
      `${rollout.id} is at step ${cursor.step + 1}, not ${step + 1}`,
      "look again, then name the present step",
    );
  const { stage } = cursor;
  const task = stage.at === "waiting" ? stepAt(rollout, cursor.step)[stage.list][stage.task] : undefined;
  if (stage.at === "waiting" && task?.do !== "approval") {
    const state = task === undefined ? null : taskState(rollout, cursor, stage, task, now.t);
    const waits = state?.is === "pending" ? state.missing : "waits for a task";
    return refused("not-ready", `${rollout.id}: ${waits}`, "wait for it, or abort");
  }
  const frozen = stage.at === "waiting" ? null : frozenNow(rollout, now);
  if (frozen !== null) return frozen;
  const held = unready(rollout, cursor);
  if (held !== null) return held;
  const said = fact("advanced", cursor.step, because("advanced", told), told.actor, decided(rollout, "advance", now));
  switch (stage.at) {
    case "applying":
      return refused("wrong-phase", `${rollout.id}: step ${cursor.step + 1} is about to be served`, "try again");
    case "waiting":
      return approve(rollout, cursor, stage, told);
    case "observing":
      return stage.rampBp === null
        ? withFact(said, afterDwell(rollout, cursor, now))
        : endRamp(rollout, cursor, stage, said, now);
    case "held":
      return withFact(said, afterDwell(rollout, cursor, now));
    default:
      return never(stage);
  }
}

/** A freeze holds what people ask for as it holds what goes by itself. */
function frozenNow(rollout: Rollout, now: Now): Refused | null {
  const frozen = frozenAt(rollout.freezes, now.wall);
  if (frozen === null) return null;
  const until = new Date(frozen.until).toISOString();
  return refused("frozen", `${rollout.id}: frozen by ${frozen.name} until ${until}`, "wait for its end, or abort");
}

/** What a person decides about a member of a rolling rollout. */
function member(rollout: Rollout, command: Command & { verb: "skip" | "exclude" }, told: Told): Move | Refused {
  const { phase } = rollout;
  if (phase.phase !== "moving" && phase.phase !== "paused")
    return refused("wrong-phase", `${rollout.id} is ${phaseName(rollout)}: nobody can be given up now`);
  const verb = command.verb === "skip" ? "skipped" : "excluded";
  return giveUp(rollout, phase.cursor, command.verb, command.member, { actor: told.actor, said: because(verb, told) });
}

function withFact(said: Fact, move: Move): Move {
  return { rollout: move.rollout, facts: [said, ...move.facts] };
}

/** A ramp that is told to go on takes the rest of its share at once; the next step comes once nginx serves it. */
function endRamp(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "observing" }, said: Fact, now: Now): Move {
  const step = stepAt(rollout, cursor.step);
  if (step.ramp === null || stage.rampBp === step.ramp.toBp) return withFact(said, afterDwell(rollout, cursor, now));
  const wanted = wanting(rollout, { ...rollout.want, shares: split(rollout.from, rollout.to, step.ramp.toBp) });
  return {
    rollout: at(wanted, cursor, { ...stage, servedMs: step.leastMs, asOf: now.t, rampBp: step.ramp.toBp, refused: null }),
    facts: [said],
  };
}

function approve(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "waiting" }, told: Told): Move {
  const result = { ok: true, text: because("approved", told), by: told.actor };
  const tasks = { ...rollout.tasks, [taskKey(rollout, cursor.step, stage.list, stage.task)]: result };
  return { rollout: { ...rollout, tasks }, facts: [fact("approved", cursor.step, result.text, told.actor)] };
}

/** Goes to the whole traffic without dwelling; it still waits for nginx at each step that it takes. */
function promote(rollout: Rollout, told: Told, now: Now): Move | Refused {
  const cursor = movable(rollout, "promote");
  if ("is" in cursor) return cursor;
  const down = downOf(rollout);
  if (down !== null) return refused("not-ready", `${rollout.id}: ${down}`, "mend the members, or abort");
  const full = rollout.plan.findIndex((step, index) => index >= cursor.step && shareOf(step.want.shares, rollout.to) === WHOLE);
  const frozen = full === cursor.step ? null : frozenNow(rollout, now);
  if (frozen !== null) return frozen;
  const promoted: Rollout = { ...rollout, promoted: { by: told.actor, step: cursor.step } };
  const said = fact("promoting", cursor.step, because("promoted", told), told.actor, decided(rollout, "promote", now));
  // In place there is no share to go to: what is left goes on without dwelling.
  if (rollout.rolling !== null) return { rollout: promoted, facts: [said] };
  const here = full === cursor.step && !(cursor.stage.at === "waiting" && cursor.stage.list === "after");
  if (here) return { rollout: promoted, facts: [said] };
  const next = full === cursor.step ? afterDwell(promoted, cursor, now) : enter(promoted, cursor, full, now);
  return withFact(said, next);
}
