import type { Rolling, Runs } from "./rolling.ts";
import type { Cursor, Rollout, Step } from "./rollout.ts";
import type { Want } from "./route.ts";
import type { Amount } from "./service.ts";
import type { Task } from "./task.ts";
import { type Member, type Ms, WHOLE } from "./units.ts";

/** How many members an amount is, of `all`, rounded down. */
export function countOf(amount: Amount, all: number): number {
  return "count" in amount ? amount.count : Math.floor((amount.bp * all) / WHOLE);
}

/** Members that a rollout goes on without: nginx gets none of them. */
export function leftOut({ failed, excluded }: Rolling): readonly Member[] {
  return [...Object.keys(failed), ...excluded];
}

/** Of some members, those that the rollout still works on: on the way back all of them, forward none that was given up. */
export function concerned(rollout: Rollout, members: readonly Member[]): readonly Member[] {
  const { rolling } = rollout;
  if (rolling === null || isGoingBack(rollout)) return members;
  const given = new Set([...leftOut(rolling), ...rolling.skipped]);
  return members.filter((member) => !given.has(member));
}

export function isGoingBack({ phase, backFrom }: Rollout): boolean {
  return backFrom !== null && (phase.phase === "reverting" || phase.phase === "failed");
}

/** A step's want, without the members that were given up on the way to it. */
export function wantOf(rollout: Rollout, step: Step): Want {
  const { rolling } = rollout;
  if (rolling === null) return step.want;
  if (isGoingBack(rollout)) return withOut(step.want, rolling.excluded);
  // Who is skipped is not taken out for nothing.
  const out = step.want.out.filter((member) => !rolling.skipped.includes(member));
  return withOut({ ...step.want, out }, leftOut(rolling));
}

export function withOut(want: Want, members: readonly Member[]): Want {
  return { ...want, out: [...want.out, ...members.filter((member) => !want.out.includes(member))] };
}

/** Whether members can be out: they are, or somebody else is in and not known to be down. */
export function canBeOut({ rolling, want }: Rollout, members: readonly Member[]): boolean {
  if (rolling === null || members.every((member) => want.out.includes(member))) return true;
  const { spares } = rolling.settings;
  const isIn = (member: Member) =>
    !want.out.includes(member) && (!spares.includes(member) || want.extra?.includes(member) === true);
  return Object.entries(rolling.health).some(([member, { down }]) => !down && isIn(member) && !members.includes(member));
}

/** True where nothing of a batch is left to work on: its time and its evidence are nothing to wait for. */
export function isGivenUp(rollout: Rollout, step: Step): boolean {
  return step.batch !== null && concerned(rollout, step.batch).length === 0;
}

/** Which members of the batch that a step put back do not answer; null where none is known not to. */
export function batchFailing(rollout: Rollout, step: Step): Named | null {
  return batchOf(rollout, step, ({ health }, member) => health[member]?.failing === true);
}

/** Which members of the batch that a step put back are not ready; null where all are. */
export function batchDown(rollout: Rollout, step: Step): Named | null {
  return batchOf(rollout, step, (rolling, member) => !isReady(rolling, member));
}

type Named = { readonly members: readonly Member[]; readonly text: string };

function batchOf(rollout: Rollout, step: Step, which: (rolling: Rolling, member: Member) => boolean): Named | null {
  const { rolling } = rollout;
  if (rolling === null || step.batch === null) return null;
  const down = concerned(rollout, step.batch).filter((member) => !step.want.out.includes(member) && which(rolling, member));
  const [first] = down;
  if (first === undefined) return null;
  const reason = rolling.health[first]?.reason;
  const text = `${down.join(", ")} ${down.length === 1 ? "is" : "are"} not ready${reason == null ? "" : `: ${reason}`}`;
  return { members: down, text };
}

export function isReady(rolling: Rolling, member: Member): boolean {
  return rolling.health[member]?.ready === true;
}

/** What a task's beginning changes: deploying touches members, and their health is asked for anew once that is done. */
export function beginTask(rollout: Rollout, task: Task, t: Ms): Rollout {
  const { rolling } = rollout;
  if (rolling === null) return rollout;
  if (task.do === "hook" && task.point === "deploy" && task.members !== null) {
    const more = concerned(rollout, task.members).filter((member) => !rolling.touched.includes(member));
    return more.length === 0 ? rollout : { ...rollout, rolling: { ...rolling, touched: [...rolling.touched, ...more] } };
  }
  if (task.do === "hook" && task.point === "rollback" && task.members !== null) {
    const deployed = rolling.deployed.filter((member) => task.members?.includes(member) !== true);
    return { ...rollout, rolling: { ...rolling, deployed } };
  }
  if (task.do === "members" && task.anew)
    return { ...rollout, rolling: { ...rolling, ...anew(rolling, concerned(rollout, task.members), t) } };
  return rollout;
}

/** Nothing that was seen of these members counts any more. */
export function anew(rolling: Rolling, members: readonly Member[], t: Ms): Pick<Rolling, "fresh" | "health"> {
  const unseen = { ready: false, failing: false, down: false, since: t, reason: "has not been seen healthy since then" };
  return {
    fresh: { ...rolling.fresh, ...Object.fromEntries(members.map((member) => [member, t])) },
    health: { ...rolling.health, ...Object.fromEntries(members.map((member) => [member, unseen])) },
  };
}

/** What runs which version, for people who have to mend it. */
export function versionsOf(rollout: Rollout): string {
  const { rolling, version } = rollout;
  if (rolling === null) return "";
  const name = version === null ? "the new version" : version;
  const who = (runs: Runs) => rolling.members.filter((member) => runsOf(rolling, member) === runs).join(", ");
  const unknown = who("unknown");
  const perhaps = unknown === "" ? "" : `; perhaps on ${name}: ${unknown}`;
  return `on ${name}: ${who("new") || "none"}${perhaps}; as before: ${who("before") || "none"}`;
}

/** Members that the rollout went on without, for people; empty where there are none. */
export function leftOutText({ rolling }: Rollout): string {
  if (rolling === null) return "";
  const { members, settings, failed, excluded, skipped } = rolling;
  const said = [...settings.spares, ...members].flatMap((member) => {
    if (excluded.includes(member)) return `${member} (excluded)`;
    if (member in failed) return `${member} (failed)`;
    return skipped.includes(member) ? `${member} (skipped)` : [];
  });
  return said.length === 0 ? "" : `; left out: ${said.join(", ")}`;
}

export function runsOf({ touched, deployed, undone }: Rolling, member: Member): Runs {
  if (!touched.includes(member) || undone.includes(member)) return "before";
  return deployed.includes(member) ? "new" : "unknown";
}

/** The step that a batch begins with, seen from one of its steps. */
export function firstOfBatch(rollout: Rollout, cursor: Pick<Cursor, "step">): number {
  const batch = rollout.plan[cursor.step]?.batch ?? null;
  let step = cursor.step;
  while (step > 0 && batch !== null && sameMembers(rollout.plan[step - 1]?.batch ?? null, batch)) step -= 1;
  return step;
}

function sameMembers(a: readonly Member[] | null, b: readonly Member[]): boolean {
  return a !== null && a.length === b.length && a.every((member, index) => member === b[index]);
}
