import { batchesOf } from "../core/plan-rolling.ts";
import type { Rolling } from "../core/rolling.ts";
import { countOf, isGoingBack, runsOf } from "../core/rolling-batch.ts";
import type { Cursor, Rollout, Step } from "../core/rollout.ts";
import { type Member, never } from "../core/units.ts";
import type { RollingMemberState, RollingMemberView, RollingView } from "../core/view.ts";

/** Where each member of a rolling rollout is; null for a rollout of another strategy. */
export function showRolling(rollout: Rollout): RollingView | null {
  const { rolling } = rollout;
  if (rolling === null) return null;
  const batches = batchesOf(rolling.members, Math.max(1, countOf(rolling.settings.batch, rolling.members.length)));
  const batchOf = (member: Member) => 1 + batches.findIndex((batch) => batch.includes(member)) || null;
  const working = stepOf(rollout)?.batch ?? [];
  const { spares } = rolling.settings;
  const { failing } = rolling;
  return {
    pool: rolling.pool,
    batch: working.map(batchOf).find((batch) => batch !== null) ?? null,
    batches: batches.length,
    minReady: rolling.minReady,
    goingBack: isGoingBack(rollout),
    failing: failing === null ? null : { members: failing.members, text: failing.text },
    members: [
      ...spares.map((member) => showMember(rollout, rolling, member, null)),
      ...rolling.members.map((member) => showMember(rollout, rolling, member, batchOf(member))),
    ],
  };
}

function showMember(rollout: Rollout, rolling: Rolling, member: Member, batch: number | null): RollingMemberView {
  const runs = runsOf(rolling, member);
  const state = stateOf(rollout, rolling, member);
  const spare = rolling.settings.spares.includes(member);
  return {
    address: member,
    batch,
    spare,
    state,
    updated: runs === "new",
    runs,
    version: runs === "new" ? rollout.version : null,
    reason: whyOf(rollout, rolling, member, state),
  };
}

function whyOf(rollout: Rollout, rolling: Rolling, member: Member, state: RollingMemberState): string | null {
  const failing = rolling.failing?.members.includes(member) === true ? rolling.failing.text : null;
  if (state === "failed") return failing ?? rolling.failed[member] ?? failedHook(rollout, member);
  if (state === "skipped" || state === "excluded") return failedHook(rollout, member);
  return state === "checking" ? (rolling.health[member]?.reason ?? null) : null;
}

/** What was decided about a member comes first, then what is done with it now, then what was done. */
function stateOf(rollout: Rollout, rolling: Rolling, member: Member): RollingMemberState {
  if (rolling.excluded.includes(member)) return "excluded";
  if (rolling.failing?.members.includes(member) === true) return "failed";
  if (rolling.undone.includes(member)) return "rolled-back";
  const step = stepOf(rollout);
  const now = step === null ? null : working(rollout, step, member);
  if (now !== null) return now;
  if (member in rolling.failed) return "failed";
  if (rolling.skipped.includes(member)) return "skipped";
  if (failedHook(rollout, member) !== null) return "failed";
  if (rolling.touched.includes(member)) return "updated";
  return rollout.endedAt === null && !isGoingBack(rollout) ? "pending" : "untouched";
}

/** What went wrong when a hook was run for it, unless that was done again. */
function failedHook({ tasks }: Rollout, member: Member): string | null {
  return Object.entries(tasks).find(([key, { ok }]) => !ok && key.endsWith(`.${member}`))?.[1].text ?? null;
}

function cursorOf({ phase }: Rollout): Cursor | null {
  return "cursor" in phase && phase.phase !== "reverted" ? phase.cursor : null;
}

function stepOf(rollout: Rollout): Step | null {
  const cursor = cursorOf(rollout);
  return cursor === null ? null : (rollout.plan[cursor.step] ?? null);
}

/** What the present step does with a member; null where it does nothing with it. */
function working(rollout: Rollout, step: Step, member: Member): RollingMemberState | null {
  const cursor = cursorOf(rollout);
  const { rolling } = rollout;
  if (cursor === null || rolling === null) return null;
  const given = !isGoingBack(rollout) && (member in rolling.failed || rolling.skipped.includes(member));
  const { stage } = cursor;
  const task = stage.at === "waiting" ? step[stage.list][stage.task] : undefined;
  const concerns = task !== undefined && "members" in task ? task.members : step.batch;
  if (given || concerns?.includes(member) !== true) return null;
  switch (task?.do) {
    case "capacity":
      return null;
    case "drained":
      return "draining";
    case "hook":
      return task.point === "rollback" ? "rolling-back" : "deploying";
    case "members":
      return "checking";
    case "healthy":
    case "approval":
      return null;
    case undefined:
      break;
    default:
      return never(task);
  }
  if (step.want.out.includes(member)) return "draining";
  return stage.at === "applying" || step.want.ease[member] !== undefined ? "returning" : "monitoring";
}
