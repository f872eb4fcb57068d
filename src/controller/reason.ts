import { downOf } from "../core/blocker.ts";
import { placeOf } from "../core/explained.ts";
import { stepAt } from "../core/move.ts";
import { isRamping } from "../core/progress.ts";
import type { Cursor, Rollout, Stage, Step } from "../core/rollout.ts";
import type { Settled } from "../core/settled.ts";
import { WAITS_FOR_APPROVAL } from "../core/task.ts";
import { taskState } from "../core/task-state.ts";
import { type Now, never } from "../core/units.ts";
import { missingText } from "./missing.ts";

/** Why a rollout is where it is, in a sentence. */
export function reasonOf(rollout: Rollout, proved: Settled | null, now: Now): string {
  const { phase } = rollout;
  const waits = proved?.is === "pending" && proved.reason !== null ? `: ${proved.reason}` : "";
  switch (phase.phase) {
    case "moving":
      return failingText(rollout) ?? stageReason(rollout, phase.cursor, waits, now);
    case "paused":
      return `paused by ${phase.by}${phase.reason === null ? "" : `: ${phase.reason}`}`;
    case "reverting":
      return `${goingBack(rollout)} because ${phase.cause}${rollout.backFrom === null ? waits : `; ${stageReason(rollout, phase.cursor, waits, now)}`}`;
    case "failed":
      return `cannot go back to ${rollout.rolling === null ? rollout.from : "what was before"} by itself: ${phase.trouble} (it was going back because ${phase.cause})`;
    case "promoted":
    case "reverted":
      return phase.cause;
    default:
      return never(phase);
  }
}

function goingBack(rollout: Rollout): string {
  return rollout.rolling === null ? `going back to ${rollout.from}` : "putting back what was updated";
}

function failingText({ rolling }: Rollout): string | null {
  if (rolling?.failing == null) return null;
  const { members, text } = rolling.failing;
  return members.every((member) => text.includes(member)) ? text : `${members.join(", ")}: ${text}`;
}

function stageReason(rollout: Rollout, cursor: Cursor, waits: string, now: Now): string {
  const { stage } = cursor;
  const step = stepAt(rollout, cursor.step);
  switch (stage.at) {
    case "applying":
      return stage.refused === null
        ? `nginx is taking ${step.label}${waits}`
        : `nginx does not take ${step.label}: ${stage.refused}`;
    case "observing":
      if (stage.refused !== null) return `nginx does not take the next share of the ramp: ${stage.refused}`;
      if (isRamping(step, stage) && downOf(rollout) !== null) return `the ramp waits: ${downOf(rollout)}`;
      if (step.untilEvidence) return `watching ${step.label}: ${missingText(rollout, cursor, step)}`;
      return step.leastMs === 0 ? `watching ${step.label}` : `watching ${step.label} for its time`;
    case "waiting":
      return taskReason(rollout, cursor, stage, step, now);
    case "held":
      return stage.reason;
    default:
      return never(stage);
  }
}

function taskReason(rollout: Rollout, cursor: Cursor, stage: Stage & { at: "waiting" }, step: Step, now: Now): string {
  const task = step[stage.list][stage.task];
  if (task === undefined) return `goes on with ${step.label}`;
  switch (task.do) {
    case "approval":
      return `${WAITS_FOR_APPROVAL}: sluice advance ${rollout.service}`;
    case "healthy": {
      const state = rollout.readiness[task.pool];
      const counts =
        state === undefined ? "" : ` (${state.ready} of ${state.of}${state.reason === null ? "" : `: ${state.reason}`})`;
      return `waits for every member of ${task.pool} to be ready${counts}`;
    }
    case "capacity":
    case "drained":
    case "hook":
    case "members": {
      const state = taskState(rollout, cursor, stage, task, now.t);
      const what = state.is === "pending" ? state.missing : state.is === "failed" ? state.text : `${task.name} is done`;
      return task.do === "hook" ? `${placeOf(step.label)}: ${what}` : `${placeOf(step.label)} waits: ${what}`;
    }
    default:
      return never(task);
  }
}
