import { downOf } from "./blocker.ts";
import { isApplied, taskKey } from "./move.ts";
import { concerned, isGoingBack, isReady, leftOut } from "./rolling-batch.ts";
import type { Cursor, Rollout, Stage } from "./rollout.ts";
import type { Task } from "./task.ts";
import { type Member, type Ms, never } from "./units.ts";

type Waiting = Stage & { at: "waiting" };

/** Where a task stands: `missing` is what it still waits for, in words; `failed` what went wrong, once nothing of it runs any more. */
export type TaskState =
  | { readonly is: "done" }
  | { readonly is: "pending"; readonly missing: string; readonly members: readonly Member[] }
  | { readonly is: "failed"; readonly text: string; readonly members: readonly Member[] };

const DONE: TaskState = { is: "done" };

export function taskState(rollout: Rollout, cursor: Cursor, stage: Waiting, task: Task, t: Ms): TaskState {
  const key = taskKey(rollout, cursor.step, stage.list, stage.task);
  switch (task.do) {
    case "healthy": {
      const down = downOf(rollout);
      return down === null ? DONE : { is: "pending", missing: down, members: [] };
    }
    case "approval":
      return rollout.tasks[key]?.ok === true || rollout.promoted !== null
        ? DONE
        : { is: "pending", missing: "waits for approval", members: [] };
    case "capacity":
      return capacity(rollout, task);
    case "drained":
      return drained(rollout, task, rollout.tasks[key]?.ok === true);
    case "hook":
      return hookState(rollout, key, task);
    case "members":
      return membersHealthy(rollout, task, t);
    default:
      return never(task);
  }
}

/** A spare that no hook of this rollout has worked on is out, once nginx has taken what is wanted: the rollout before it may have had it in. */
function drained(rollout: Rollout, task: Task & { do: "drained" }, isDrained: boolean): TaskState {
  const all = concerned(rollout, task.members);
  const members = all.filter((member) => !isUntouchedSpare(rollout, member));
  if (members.length > 0 && !isDrained)
    return { is: "pending", missing: `requests are in flight to ${members.join(", ")}`, members };
  return all.length === 0 || isApplied(rollout)
    ? DONE
    : { is: "pending", missing: `nginx may still have ${all.join(", ")} in`, members: all };
}

/** Names the result of a task for one member, or for all. */
export function memberKey(key: string, member: Member | null): string {
  return member === null ? key : `${key}.${member}`;
}

/** Who a hook is run for; null where it runs once for all. */
export function hookMembers(rollout: Rollout, task: Task & { do: "hook" }): readonly (Member | null)[] {
  return task.members === null ? [null] : concerned(rollout, task.members);
}

/** A batch moves in lockstep: what failed is looked at when the last hook has ended. */
function hookState(rollout: Rollout, key: string, task: Task & { do: "hook" }): TaskState {
  const runs = hookMembers(rollout, task).map((member) => ({ member, result: rollout.tasks[memberKey(key, member)] }));
  const running = runs.filter(({ result }) => result === undefined);
  if (running.length > 0) {
    const members = running.flatMap(({ member }) => member ?? []);
    const whom = members.length === 0 ? "" : ` for ${members.join(", ")}`;
    return { is: "pending", missing: `${task.name} runs${whom}`, members };
  }
  const failed = runs.filter(({ result }) => result?.ok === false);
  const [first] = failed;
  if (first === undefined) return DONE;
  const text = failed.map(({ member, result }) => `${member === null ? "" : `${member}: `}${result?.text ?? ""}`).join("; ");
  return { is: "failed", text: `${task.name} failed: ${text}`, members: failed.flatMap(({ member }) => member ?? []) };
}

/** Taking out members that are down or out already leaves no fewer than before. */
function capacity(rollout: Rollout, task: Task & { do: "capacity" }): TaskState {
  const { rolling, want } = rollout;
  if (rolling === null) return DONE;
  if (Object.keys(rolling.health).length === 0)
    return { is: "pending", missing: `nobody knows yet which members of ${rolling.pool} are ready`, members: [] };
  const batch = concerned(rollout, task.members);
  const given = isGoingBack(rollout) ? rolling.excluded : leftOut(rolling);
  const gone = new Set([...batch, ...given, ...want.out]);
  const ready = Object.keys(rolling.health).filter((member) => isReady(rolling, member) && isServing(rollout, member));
  const left = ready.filter((member) => !gone.has(member)).length;
  // Who was excluded by a person is not missing.
  const atLeast = Math.max(1, task.atLeast - rolling.excluded.length);
  const costs = batch.filter((member) => !want.out.includes(member) && rolling.health[member]?.down !== true);
  if (left >= atLeast || costs.length === 0) return left > 0 || allOut(rollout, batch) ? DONE : nobodyLeft(batch);
  const missing = `${left} other members are ready, and ${atLeast} have to be before ${batch.join(", ")} is taken out`;
  return { is: "pending", missing, members: [] };
}

/** A batch that is out already can stay so, whoever else is there. */
function allOut({ want }: Rollout, batch: readonly Member[]): boolean {
  return batch.every((member) => want.out.includes(member));
}

function nobodyLeft(batch: readonly Member[]): TaskState {
  return { is: "pending", missing: `no other member is ready, so ${batch.join(", ")} cannot be taken out`, members: batch };
}

function isUntouchedSpare({ rolling }: Rollout, member: Member): boolean {
  return rolling?.settings.spares.includes(member) === true && !rolling.touched.includes(member);
}

function isServing({ rolling, want }: Rollout, member: Member): boolean {
  return rolling?.settings.spares.includes(member) === true ? want.extra?.includes(member) === true : true;
}

function membersHealthy(rollout: Rollout, task: Task & { do: "members" }, t: Ms): TaskState {
  const { rolling } = rollout;
  if (rolling === null) return DONE;
  const waits = concerned(rollout, task.members).filter((member) => t < healthyAt(rollout, member, task.forMs));
  const [first] = waits;
  if (first === undefined) return DONE;
  const seen = rolling.health[first];
  const why =
    seen?.ready === true ? "has to stay healthy for its time" : `is not healthy${seen?.reason == null ? "" : `: ${seen.reason}`}`;
  return {
    is: "pending",
    missing: `${first} ${why}${waits.length > 1 ? ` (and ${waits.length - 1} more)` : ""}`,
    members: waits,
  };
}

/** Controller time at which a member has been healthy for long enough; infinite while it is not. */
export function healthyAt({ rolling }: Rollout, member: Member, forMs: Ms): Ms {
  const seen = rolling?.health[member];
  return seen?.ready === true ? seen.since + forMs : Number.POSITIVE_INFINITY;
}
