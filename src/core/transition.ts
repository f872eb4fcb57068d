import { downOf, isDecisive } from "./blocker.ts";
import { obey } from "./command.ts";
import { decidedCheck } from "./decided.ts";
import { failMembers, judgedMembers } from "./failing.ts";
import { at, fact, type Move, servedMs, stepAt } from "./move.ts";
import { isRamping, nextRaiseMs, settle } from "./progress.ts";
import { revert } from "./revert.ts";
import type { MemberHealth } from "./rolling.ts";
import type { Cursor, Fact, Outcome, Readiness, Rollout, Signal, Stage, Verdict } from "./rollout.ts";
import type { TaskResult } from "./task.ts";
import { endHook } from "./task-effects.ts";
import { type Member, type Now, never } from "./units.ts";
import { canonical, same } from "./want.ts";

/**
 * The next value of a rollout: the one place where it branches.
 *
 * Late, doubled and foreign signals are ignored; a command that cannot be obeyed is refused with its reason.
 */
export function transition(rollout: Rollout, signal: Signal, now: Now): Outcome {
  const move = receive(rollout, signal, now);
  if (move === null) return { is: "ignored" };
  if ("is" in move) return move;
  const settled = settle(move, now);
  return settled.facts.length === 0 && same(settled.rollout, rollout) ? { is: "ignored" } : { is: "moved", ...settled };
}

function receive(rollout: Rollout, signal: Signal, now: Now): Move | (Outcome & { is: "refused" }) | null {
  switch (signal.signal) {
    case "command":
      return obey(rollout, signal.command, signal, now);
    case "applied":
      return signal.by.rollout === rollout.id && signal.by.seq === rollout.seq ? applied(rollout, now) : null;
    case "refused":
      return signal.by.rollout === rollout.id && signal.by.seq === rollout.seq ? notTaken(rollout, signal.text, now) : null;
    case "task":
      return ended(rollout, signal.key, signal.result, signal.what);
    case "judged":
      return signal.rollout === rollout.id && isAboutNow(rollout, signal)
        ? judged(rollout, signal.entry, signal.verdicts, now)
        : null;
    case "health":
      return healthChanged(rollout, signal.pool, signal.readiness, now);
    case "members":
      return membersSeen(rollout, signal.health);
    case "woken":
      return { rollout, facts: [] };
    default:
      return never(signal);
  }
}

/** Where a rollout is while it can still go either way; null on the way back and at the end. */
function openCursor(rollout: Rollout): Cursor | null {
  const { phase } = rollout;
  return phase.phase === "moving" || phase.phase === "paused" ? phase.cursor : null;
}

/** The first end of a task counts; one that a rollout no longer waits for is kept, and changes nothing. */
function ended(rollout: Rollout, key: string, result: TaskResult, what: string | undefined): Move | null {
  if (rollout.tasks[key] !== undefined) return null;
  const { phase } = rollout;
  const step = "cursor" in phase ? phase.cursor.step : null;
  const text = what === undefined ? result.text : `${what}: ${result.text}`;
  const told = endHook(rollout, key, result.ok);
  return {
    rollout: { ...told, tasks: { ...rollout.tasks, [key]: result } },
    // What has a name is a hook; the other work that is told of is that a member was drained.
    facts: [fact(what === undefined ? "drained" : "hook", step, text, null, { task: key, ok: result.ok })],
  };
}

// --- nginx ----------------------------------------------------------------------------------------------------------

function applied(rollout: Rollout, now: Now): Move | null {
  if (rollout.appliedSeq >= rollout.seq) return null;
  const proved = { ...rollout, appliedSeq: rollout.seq };
  const { phase } = proved;
  if (phase.phase !== "moving" && phase.phase !== "paused") return { rollout: proved, facts: [] };
  const cursor = { ...phase.cursor, stage: takenAt(proved, phase.cursor, now) };
  return { rollout: { ...proved, phase: { ...phase, cursor } }, facts: [] };
}

/** A ramp's time goes on once its raise is proved, and that of the last requests begins once nginx sends no more. */
function takenAt(rollout: Rollout, { step, stage }: Cursor, now: Now): Stage {
  if (stage.at === "observing") return { ...stage, asOf: now.t, refused: null };
  const task = stage.at === "waiting" ? stepAt(rollout, step)[stage.list][stage.task] : undefined;
  if (stage.at !== "waiting" || task?.do !== "drained" || task.withinMs === null) return stage;
  return { ...stage, since: now.t, deadline: now.t + task.withinMs };
}

/** Nginx did not take what is wanted. A forward change waits with the reason; a way back needs a person. */
function notTaken(rollout: Rollout, text: string, now: Now): Move | null {
  const { phase } = rollout;
  if (rollout.appliedSeq >= rollout.seq) return null;
  if (phase.phase === "moving") {
    const { stage, step } = phase.cursor;
    if ((stage.at !== "applying" && stage.at !== "observing") || stage.refused === text) return null;
    return { rollout: at(rollout, phase.cursor, { ...stage, refused: text }), facts: [fact("refused", step, text)] };
  }
  if (phase.phase === "reverting") {
    const failed: Rollout = { ...rollout, phase: { ...phase, phase: "failed", trouble: text, since: now.t } };
    return {
      rollout: failed,
      facts: [fact("failed", phase.cursor.step, `nginx does not take the way back, needs a person: ${text}`)],
    };
  }
  return null;
}

// --- evidence -------------------------------------------------------------------------------------------------------

/**
 * In `rolling`, what is judged changes with each batch, and with each member that is tried again or given up: a verdict on others would
 * charge those that it is not about. Between pools any verdict of the rollout is about the same candidate.
 */
function isAboutNow(rollout: Rollout, { entry, members }: Signal & { signal: "judged" }): boolean {
  if (rollout.rolling === null) return true;
  return rollout.watch?.entry === entry && same(judgedMembers(rollout), members);
}

/** A fail always counts while there is something to take back; a pass counts only for the entry that it was seen in. */
function judged(rollout: Rollout, entry: number, verdicts: readonly Verdict[], now: Now): Move | null {
  const cursor = openCursor(rollout);
  if (cursor === null) return null;
  const known = { ...rollout.verdicts };
  const facts: Fact[] = [];
  for (const verdict of verdicts) {
    const before = known[verdict.check];
    if (before !== undefined && before.entry > entry) continue;
    known[verdict.check] = { entry, verdict };
    if (before?.verdict.is === verdict.is && before.entry === entry) continue;
    const data = { verdict: decidedCheck({ ...rollout, verdicts: known }, verdict.check, now) };
    facts.push(fact("verdict", cursor.step, `${verdict.check}: ${verdict.text}`, null, data));
  }
  const next = { ...rollout, verdicts: known };
  const failed = verdicts.find((verdict) => isDecisive(rollout, verdict));
  if (failed === undefined) return { rollout: next, facts };
  const text = `${failed.check}: ${failed.text}`;
  const members = judgedMembers(next);
  if (members !== null && (members.length === 0 || next.rolling?.failing != null)) return { rollout: next, facts };
  const back =
    members === null ? revert(next, cursor, text, null, now) : failMembers(next, watched(next, cursor), members, text, now);
  return { rollout: back.rollout, facts: [...facts, ...back.facts] };
}

function watched(rollout: Rollout, cursor: Cursor): Cursor {
  return { ...cursor, step: rollout.watch?.step ?? cursor.step };
}

// --- health ---------------------------------------------------------------------------------------------------------

function membersSeen(rollout: Rollout, health: Readonly<Record<Member, MemberHealth>>): Move | null {
  const { rolling } = rollout;
  if (rolling === null || canonical(rolling.health) === canonical(health)) return null;
  return { rollout: { ...rollout, rolling: { ...rolling, health } }, facts: [] };
}

/** Some candidate members down holds; none ready goes back, which follows from the state alone. A ramp takes up where it stood. */
function healthChanged(rollout: Rollout, pool: string, readiness: Readiness, now: Now): Move | null {
  if (canonical(rollout.readiness[pool] ?? null) === canonical(readiness)) return null;
  const next: Rollout = { ...rollout, readiness: { ...rollout.readiness, [pool]: readiness } };
  const { phase } = rollout;
  if (phase.phase !== "moving" || phase.cursor.stage.at !== "observing" || downOf(rollout) === null)
    return { rollout: next, facts: [] };
  const { stage } = phase.cursor;
  const step = stepAt(rollout, phase.cursor.step);
  if (!isRamping(step, stage)) return { rollout: next, facts: [] };
  const served = Math.min(servedMs(rollout, stage, now), nextRaiseMs(step, stage));
  return { rollout: at(next, phase.cursor, { ...stage, servedMs: served, asOf: now.t }), facts: [] };
}
