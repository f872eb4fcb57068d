import { taskKey } from "./move.ts";
import { concerned } from "./rolling-batch.ts";
import type { Cursor, Effect, Rollout } from "./rollout.ts";
import { hookMembers, memberKey } from "./task-state.ts";
import type { Ms } from "./units.ts";

/** The work that the present task wants under way. Where it ended already, nothing is done again. */
export function taskEffects(rollout: Rollout, cursor: Cursor): readonly Effect[] {
  const { stage } = cursor;
  if (stage.at !== "waiting") return [];
  const task = rollout.plan[cursor.step]?.[stage.list][stage.task];
  const key = taskKey(rollout, cursor.step, stage.list, stage.task);
  if (task?.do === "drained" && rollout.tasks[key] === undefined) {
    const members = concerned(rollout, task.members);
    return members.length === 0 ? [] : [{ effect: "drain", key: `drain ${rollout.id} ${key}`, task: key, members }];
  }
  if (task?.do !== "hook") return [];
  const keyed = hookMembers(rollout, task).map((member) => ({ member, key: memberKey(key, member) }));
  return keyed
    .filter((one) => rollout.tasks[one.key] === undefined)
    .map((one) => ({
      effect: "hook",
      key: `hook ${rollout.id} ${one.key}`,
      rollout: rollout.id,
      task: one.key,
      point: task.point,
      hook: task.hook,
      member: one.member,
    }));
}

/** Tells, once for each time, that a rollout needs a person. */
export function failedHooks(rollout: Rollout, since: Ms): readonly Effect[] {
  return rollout.later.onFailed
    .map((hook, index) => ({ hook, task: `failed.${since}.${index}` }))
    .filter(({ task }) => rollout.tasks[task] === undefined)
    .map(({ hook, task }) => ({
      effect: "hook",
      key: `hook ${rollout.id} ${task}`,
      rollout: rollout.id,
      task,
      point: "onFailed",
      hook,
      member: null,
    }));
}

/** What the end of a hook says about a member's version, whatever becomes of the others. */
export function endHook(rollout: Rollout, key: string, ok: boolean): Rollout {
  const { phase, rolling } = rollout;
  if (rolling === null || !("cursor" in phase)) return rollout;
  const ended = taskEffects(rollout, phase.cursor).find((effect) => effect.effect === "hook" && effect.task === key);
  if (ended?.effect !== "hook" || ended.member === null) return rollout;
  const { member, point } = ended;
  if (point === "rollback") return ok ? { ...rollout, rolling: { ...rolling, undone: [...rolling.undone, member] } } : rollout;
  const others = rolling.deployed.filter((one) => one !== member);
  return { ...rollout, rolling: { ...rolling, deployed: ok ? [...others, member] : others } };
}
