import { excludeMember, retryTasks, skipMember } from "./failing.ts";
import { fact, type Move, wanting } from "./move.ts";
import { type Refused, refused } from "./refused.ts";
import type { Rolling } from "./rolling.ts";
import { isGoingBack, leftOut } from "./rolling-batch.ts";
import type { Cursor, Rollout } from "./rollout.ts";
import { enter } from "./steps.ts";
import type { Member, Now } from "./units.ts";
import { shareOf } from "./want.ts";

/** Goes on without updating a member (`skip`), or without the member (`exclude`). */
export function giveUp(
  rollout: Rollout,
  cursor: Cursor,
  verb: "skip" | "exclude",
  named: Member | null,
  by: { readonly actor: string; readonly said: string },
): Move | Refused {
  const { rolling } = rollout;
  if (rolling === null) return refused("wrong-phase", `${rollout.id} is a ${rollout.strategy}: it has no members to ${verb}`);
  const member = named ?? only(rolling);
  if (member === null) {
    const members = rolling.failing?.members ?? [];
    const which = members.length === 0 ? "no member has failed" : `${members.join(", ")} failed`;
    return refused("unknown-member", `${rollout.id}: ${which}; name the one to ${verb}`);
  }
  if (!rolling.members.includes(member) && !rolling.settings.spares.includes(member))
    return refused(
      "unknown-member",
      `${member} is none of the members that ${rollout.id} updates: ${rolling.members.join(", ")}`,
    );
  const is = verb === "skip" ? skipMember : excludeMember;
  if (rolling.excluded.includes(member) || (verb === "skip" && rolling.skipped.includes(member)))
    return refused("wrong-phase", `${rollout.id} goes on without ${member} already`);
  const busy = rollout.plan[cursor.step]?.batch?.includes(member) === true || rolling.failing?.members.includes(member) === true;
  if (verb === "skip" && rolling.touched.includes(member) && !busy)
    return refused("wrong-phase", `${member} is updated already`, `to take it out: sluice exclude ${rollout.service} ${member}`);
  if (verb === "exclude" && isLast(rollout, rolling, member))
    return refused(
      "not-ready",
      `${member} is the last member that is in and not down: nginx would answer 502`,
      "wait for another",
    );
  const kind = verb === "skip" ? "skipped" : "excluded";
  return {
    rollout: is(rollout, rolling, member),
    facts: [fact(kind, cursor.step, `${member} ${by.said}`, by.actor, { member })],
  };
}

/** Without such a member nobody would be left to answer. */
function isLast({ want }: Rollout, { pool, health }: Rolling, member: Member): boolean {
  const isIn = (one: Member) => !want.out.includes(one) && health[one]?.down !== true;
  return shareOf(want.shares, pool) > 0 && isIn(member) && !Object.keys(health).some((one) => one !== member && isIn(one));
}

function only({ failing }: Rolling): Member | null {
  const [member, ...more] = failing?.members ?? [];
  return member !== undefined && more.length === 0 ? member : null;
}

/** Tries the members that failed once more, from the beginning of their batch. Null where none has. */
export function retryMembers(rollout: Rollout, cursor: Cursor, now: Now): Move | null {
  const { rolling } = rollout;
  if (rolling?.failing == null || isGoingBack(rollout)) return null;
  const { members, step } = rolling.failing;
  // The batch after it may be out by now: it returns, or there would be too few to begin this one anew.
  const stays = [...rolling.touched, ...leftOut(rolling)];
  const out = rollout.want.out.filter((member) => stays.includes(member));
  // A spare is not taken out by a step, as a batch is.
  const { extra } = rollout.want;
  const without = extra === undefined ? {} : { extra: extra.filter((spare) => !members.includes(spare)) };
  const returned = wanting(rollout, { ...rollout.want, ...without, out });
  return enter(retryTasks(returned, rolling, members), cursor, step, now);
}

/** Goes on with a way back that got stuck: what went wrong in its present step is tried again. */
export function retryBack(rollout: Rollout, cursor: Cursor, now: Now): Move {
  const wrong = ([key, result]: [string, { readonly ok: boolean }]) => key.startsWith(`${cursor.step}.`) && !result.ok;
  const tasks = Object.fromEntries(Object.entries(rollout.tasks).filter((entry) => !wrong(entry)));
  return enter({ ...rollout, tasks }, cursor, cursor.step, now);
}
