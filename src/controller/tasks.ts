import { stepAt } from "../core/move.ts";
import type { HookCall, HookRunner, Log, Store } from "../core/ports.ts";
import type { Effect, Rollout } from "../core/rollout.ts";
import type { Report } from "../core/route.ts";
import type { TaskResult } from "../core/task.ts";
import type { Endpoint, Json, Ms, TargetName } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import type { Clock } from "./clock.ts";
import { taskMarkKey } from "./record.ts";

type HookEffect = Effect & { effect: "hook" };
type DrainEffect = Effect & { effect: "drain" };

export type TaskDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly hooks: HookRunner;
  reports(): Readonly<Record<TargetName, Report>>;
};

const LOOK_EVERY_MS: Ms = 100;
const AGAIN_MS: Ms = 1_000;

/** Runs a hook that a rollout wants under way, and tells how it ended; the answer ends what runs. */
export function startHook(deps: TaskDeps, cell: Cell, effect: HookEffect): () => void {
  const stop = new AbortController();
  void runHook(deps, cell, effect, stop.signal);
  return () => stop.abort();
}

/** That it began is stored before it does: after a kill, what it left is ended first, and it runs again with the same key. */
async function runHook(deps: TaskDeps, cell: Cell, effect: HookEffect, signal: AbortSignal): Promise<void> {
  const { rollout } = cell;
  if (rollout === null) return;
  const markKey = taskMarkKey(effect.rollout, effect.task);
  const call = callOf(rollout, effect);
  try {
    const mark = (await deps.store.get(markKey))?.value as { readonly pid: number | null } | undefined;
    if (mark !== undefined) await deps.hooks.endLeftOver(call.key, mark.pid);
    await keep(deps.store, markKey, { startedAt: deps.clock.now().wall, pid: null });
    if (signal.aborted) return;
    const started = (pid: number) => keep(deps.store, markKey, { startedAt: deps.clock.now().wall, pid });
    const end = await deps.hooks.run(call, started, signal);
    if (signal.aborted) return;
    await tell(deps, cell, effect.task, { ok: end.ok, text: end.text, by: null, output: end.output }, signal);
    await deps.store.txn([], [{ delete: markKey }]);
  } catch (error) {
    deps.log.error("a hook could not be stored; trying again", {
      service: cell.settings.name,
      hook: effect.hook.name,
      error: String(error),
    });
    if (!signal.aborted) deps.clock.after(AGAIN_MS, () => !signal.aborted && void runHook(deps, cell, effect, signal));
  }
}

async function keep(store: Store, key: string, value: Json): Promise<void> {
  await store.txn([], [{ put: key, value }]);
}

/** A result that the store does not take is told again: the work is not done twice because of it. */
async function tell(deps: TaskDeps, cell: Cell, key: string, result: TaskResult, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await cell.accept({ signal: "task", key, result });
      return;
    } catch (error) {
      deps.log.error("the end of a task could not be stored; trying again", {
        service: cell.settings.name,
        task: key,
        error: String(error),
      });
      if (signal.aborted) return;
      await new Promise<void>((resolve) => {
        deps.clock.after(AGAIN_MS, resolve);
      });
    }
  }
}

function callOf(rollout: Rollout, { hook, point, task, member }: HookEffect): HookCall {
  const { phase } = rollout;
  const step = "cursor" in phase ? stepAt(rollout, phase.cursor.step) : null;
  return {
    hook,
    point,
    key: `${rollout.id}.${task}`,
    service: rollout.service,
    rollout: rollout.id,
    strategy: rollout.strategy,
    from: rollout.from,
    pool: rollout.to,
    version: rollout.version,
    step: step?.label ?? "",
    shares: rollout.want.shares,
    member,
  };
}

/** Looks until no nginx has a request in flight to the members, and tells it; where that cannot be counted, the limit is waited for. */
export function startDrain(deps: TaskDeps, cell: Cell, effect: DrainEffect): () => void {
  let stopped = false;
  let cancel = () => {};
  const look = async () => {
    try {
      if (isDrained(deps, cell, effect))
        await cell.accept({
          signal: "task",
          key: effect.task,
          result: { ok: true, text: `nothing is in flight to ${effect.members.join(", ")}`, by: null },
        });
    } catch (error) {
      deps.log.error("a drain could not be stored; trying again", { service: cell.settings.name, error: String(error) });
    }
    if (!stopped) cancel = deps.clock.after(LOOK_EVERY_MS, () => void look());
  };
  cancel = deps.clock.after(0, () => void look());
  return () => {
    stopped = true;
    cancel();
  };
}

function isDrained(deps: TaskDeps, cell: Cell, { members }: DrainEffect): boolean {
  if (cell.settled.is !== "applied") return false;
  const endpoints: readonly Endpoint[] = members.flatMap((member) => cell.record.sight.addresses[member]?.endpoints ?? []);
  const reports = deps.reports();
  return cell.settings.targets.every((target) => endpoints.every((endpoint) => reports[target]?.inFlight[endpoint] === 0));
}
