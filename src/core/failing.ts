import { fact, type Move, stepAt, wanting } from "./move.ts";
import { revert } from "./revert.ts";
import type { Rolling } from "./rolling.ts";
import { canBeOut, concerned, firstOfBatch, isGoingBack, leftOut, versionsOf, withOut } from "./rolling-batch.ts";
import type { Cursor, Phase, Rollout } from "./rollout.ts";
import type { TaskResult } from "./task.ts";
import type { Member, Now } from "./units.ts";

/**
 * What becomes of a rolling rollout whose members failed: it goes on without them where that is allowed, else its `onFailure` decides.
 * On the way back nothing is taken back again: that needs a person.
 */
export function failMembers(rollout: Rollout, cursor: Cursor, members: readonly Member[], text: string, now: Now): Move {
  const { rolling } = rollout;
  if (rolling === null || isGoingBack(rollout)) return stuck(rollout, cursor, text, now);
  const failed = { ...rolling.failed, ...Object.fromEntries(members.map((member) => [member, text])) };
  const count = Object.keys(failed).length;
  const { onFailure } = rolling.settings;
  const goesOn = (onFailure === "continue" || count <= rolling.mayFail) && canBeOut(rollout, members);
  const then = goesOn ? "on" : onFailure === "rollback" ? "back" : "wait";
  const said = fact("failing", cursor.step, text, null, { members, then });
  if (goesOn) {
    const without = withRolling(rollout, { ...rolling, failed });
    return { rollout: wanting(without, withOut(rollout.want, members)), facts: [said] };
  }
  if (onFailure === "rollback") {
    const back = revert(withRolling(rollout, { ...rolling, failed }), cursor, text, null, now);
    return { rollout: back.rollout, facts: [said, ...back.facts] };
  }
  const step = firstOfBatch(rollout, cursor);
  return { rollout: withRolling(rollout, { ...rolling, failing: { members, step, text } }), facts: [said] };
}

function withRolling(rollout: Rollout, rolling: Rolling): Rollout {
  return { ...rollout, rolling };
}

/** The way back cannot go on by itself. What runs which version is told, since that is what has to be mended. */
export function stuck(rollout: Rollout, cursor: Cursor, text: string, now: Now): Move {
  const trouble = rollout.rolling === null ? text : `${text}; ${versionsOf(rollout)}`;
  const cause = "cause" in rollout.phase ? rollout.phase.cause : text;
  const phase: Phase = { phase: "failed", cursor, cause, trouble, since: now.t };
  return { rollout: { ...rollout, phase }, facts: [fact("failed", cursor.step, `needs a person: ${trouble}`)] };
}

/** Goes on without updating a member, or with it as it is. */
export function skipMember(rollout: Rollout, rolling: Rolling, member: Member): Rollout {
  const skipped = decided(rollout, { ...rolling, skipped: [...rolling.skipped, member] }, member);
  if (rolling.touched.includes(member)) return skipped;
  // It was to go out for nothing.
  return wanting(skipped, { ...rollout.want, out: rollout.want.out.filter((one) => one !== member) });
}

/** Goes on without a member, which gets nothing from now on. */
export function excludeMember(rollout: Rollout, rolling: Rolling, member: Member): Rollout {
  const without = { ...rolling, excluded: [...rolling.excluded, member] };
  return wanting(decided(rollout, without, member), withOut(rollout.want, [member]));
}

function decided(rollout: Rollout, rolling: Rolling, member: Member): Rollout {
  const { failing } = rolling;
  const members = failing?.members.filter((one) => one !== member) ?? [];
  const left = failing === null || members.length === 0 ? null : { ...failing, members };
  const given = withRolling(rollout, { ...rolling, failing: left });
  // What was said of it together with others does not count for them.
  return judgedMembers(rollout)?.includes(member) === true ? { ...given, verdicts: {} } : given;
}

/** The batch of the members that failed, from its beginning; what went well for the others stands, and so do hooks that ran for all. */
export function retryTasks(rollout: Rollout, rolling: Rolling, members: readonly Member[]): Rollout {
  const from = rolling.failing?.step ?? 0;
  const batch = rollout.plan[from]?.batch ?? [];
  const steps = rollout.plan.flatMap((step, index) => (index >= from && step.batch?.join() === batch.join() ? index : []));
  const isAnew = ([key, { ok }]: [string, TaskResult]) => {
    const [step, list, index, ...rest] = key.split(".");
    if (!steps.includes(Number(step))) return false;
    if (rest.length > 0) return members.includes(rest.join("."));
    return !ok || rollout.plan[Number(step)]?.[list as "before" | "after"][Number(index)]?.do !== "hook";
  };
  const tasks = Object.fromEntries(Object.entries(rollout.tasks).filter((entry) => !isAnew(entry)));
  return withRolling({ ...rollout, tasks, verdicts: {}, watch: null }, { ...rolling, failing: null });
}

/** The members that a verdict on an entry is about: those of its batch that are in service. */
export function judgedMembers(rollout: Rollout): readonly Member[] | null {
  const { rolling, watch } = rollout;
  if (rolling === null || watch === null) return null;
  const step = stepAt(rollout, watch.step);
  return step.batch === null ? [] : concerned(rollout, step.batch).filter((member) => !leftOut(rolling).includes(member));
}
