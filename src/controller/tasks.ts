import { effects } from "../core/effects.ts";
import { stepAt } from "../core/move.ts";
import type { HookCall, HookRunner, Log, Store } from "../core/ports.ts";
import type { Effect, Fact, Rollout } from "../core/rollout.ts";
import type { Report } from "../core/route.ts";
import type { TaskResult } from "../core/task.ts";
import type { Endpoint, Json, Ms, TargetName } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import type { Clock } from "./clock.ts";
import { type HookRun, loadRun, nameOfRun, openRuns, runOf, saveRun } from "./hook-runs.ts";

type HookEffect = Effect & { effect: "hook" };
type DrainEffect = Effect & { effect: "drain" };

export type TaskDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly hooks: HookRunner;
  /** Runs of hooks by the key of their effect. */
  readonly underWay: Map<string, Promise<void>>;
  reports(): Readonly<Record<TargetName, Report>>;
};

const LOOK_EVERY_MS: Ms = 100;
const AGAIN_MS: Ms = 1_000;

/** Runs a hook that a rollout wants under way, and tells how it ended; the answer ends what runs. */
export function startHook(deps: TaskDeps, cell: Cell, effect: HookEffect): () => void {
  const stop = new AbortController();
  // One hook at a time works on a member: one that was ended a moment ago may still be on its way out.
  const place = `${effect.rollout} ${effect.member ?? ""}`;
  const earlier = deps.underWay.get(place) ?? Promise.resolve();
  const run = earlier.then(() => runHook(deps, cell, effect, stop.signal));
  const over = run.catch((error: unknown) => {
    if (!stop.signal.aborted)
      deps.log.error("a hook could not be run", { rollout: effect.rollout, hook: nameOfRun(effect), error: String(error) });
  });
  deps.underWay.set(place, over);
  void over.then(() => deps.underWay.get(place) === over && deps.underWay.delete(place));
  return () => stop.abort();
}

/**
 * That it begins is stored before it does: after a kill, what is left of it is ended first, and it runs again with the same key. How it
 * ended is stored before it is told, and told once. Rejects once `signal` aborts.
 */
async function runHook(deps: TaskDeps, cell: Cell, effect: HookEffect, signal: AbortSignal): Promise<void> {
  const { store, hooks, clock } = deps;
  const { rollout } = cell;
  if (rollout === null || rollout.id !== effect.rollout) return;
  const call = callOf(rollout, effect);
  const insist = <T>(work: () => Promise<T>) => insisted(deps, effect, work, signal);
  const before = await insist(() => loadRun(store, effect));
  await insist(() => endLeftOvers(deps, effect.rollout, (run) => run.key === call.key || run.member === effect.member));
  let run = runOf(effect, call.key, stepOf(rollout), before, clock.now().wall);
  await insist(() => saveRun(store, effect, run));
  await insist(() => note(cell, effect, run, before));
  const started = (pid: number) => {
    run = { ...run, pid };
    return keepPid(deps, effect, run);
  };
  signal.throwIfAborted();
  const end = await hooks.run(call, started, signal);
  const ended: HookRun = { ...run, end: { ...end, at: clock.now().wall } };
  if (signal.aborted) return saveRun(store, effect, ended);
  await insist(() => saveRun(store, effect, ended));
  const result: TaskResult = { ok: end.ok, text: end.text, by: null };
  await insist(() => cell.accept({ signal: "task", key: effect.task, what: nameOfRun(effect), result }));
}

/**
 * Ends what an earlier process left running of a rollout's hooks, and writes down that it did: nothing else may work on a member while
 * that does, and what nobody wants any more must not go on.
 */
export async function endLeftOvers(
  { store, hooks, clock }: TaskDeps,
  rollout: string,
  which: (run: HookRun) => boolean = () => true,
): Promise<void> {
  for (const { at, run } of await openRuns(store, rollout)) {
    if (!which(run)) continue;
    await hooks.endLeftOver(run.key, run.pid);
    const end = { ok: false, text: "was ended: Sluice was stopped while it ran", output: "", at: clock.now().wall };
    await store.txn([], [{ put: at, value: { ...run, end } as unknown as Json }]);
  }
}

/** At a start: what an earlier process left running, and this one does not want any more. Never rejects. */
export async function endUnwanted(deps: TaskDeps, cell: Cell): Promise<void> {
  // Also of one that is over: its end was not waited for.
  const { rollout } = cell.record;
  if (rollout === null) return;
  const { wall } = deps.clock.now();
  const wanted = new Set(effects(rollout).flatMap((effect) => (effect.effect === "hook" ? keyOf(rollout, effect.task) : [])));
  await endLeftOvers(deps, rollout.id, ({ key, startedAt }) => startedAt < wall && !wanted.has(key)).catch((error: unknown) =>
    deps.log.error("what hooks left running could not be ended", { rollout: rollout.id, error: String(error) }),
  );
}

/** Without the number, what a kill leaves is looked for by its key: no reason to end what has begun. */
async function keepPid({ store, log }: TaskDeps, effect: HookEffect, run: HookRun): Promise<void> {
  await saveRun(store, effect, run).catch((error: unknown) =>
    log.warn("the process id of a hook could not be stored", { rollout: effect.rollout, error: String(error) }),
  );
}

/** Tells in the journal that a hook begins. */
async function note(cell: Cell, effect: HookEffect, run: HookRun, before: HookRun | null): Promise<void> {
  const again = before === null ? "" : before.end === null ? " again: Sluice was stopped while it ran" : " again";
  const data = { task: effect.task, point: effect.point, run: run.run };
  const fact: Fact = { kind: "hook", step: run.step, actor: null, text: `${nameOfRun(effect)} begins${again}`, data };
  await cell.edit(({ rollout }) => ({ edit: rollout?.id === effect.rollout ? { facts: [fact] } : null }));
}

/** Does again what the store refuses, so that work is not done twice because of it. Rejects once `signal` aborts. */
async function insisted<T>(deps: TaskDeps, effect: HookEffect, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      deps.log.error("a hook could not be stored; trying again", {
        rollout: effect.rollout,
        hook: nameOfRun(effect),
        error: String(error),
      });
      await new Promise<void>((resolve) => {
        deps.clock.after(AGAIN_MS, resolve);
      });
    }
  }
}

function stepOf({ phase }: Rollout): number | null {
  return "cursor" in phase ? phase.cursor.step : null;
}

/** Numbers of rollouts begin anew where the state is lost, and who was given a key may remember it. */
function keyOf({ id, startedAt }: Rollout, task: string): string {
  return `${id}.${startedAt.toString(36)}.${task}`;
}

function callOf(rollout: Rollout, { hook, point, task, member }: HookEffect): HookCall {
  const index = stepOf(rollout);
  const step = index === null ? null : stepAt(rollout, index);
  // On the way back that needs a person, what its step wanted is not what stands.
  const { shares } = point === "onFailed" || step === null ? rollout.want : step.want;
  return {
    hook,
    point,
    key: keyOf(rollout, task),
    service: rollout.service,
    rollout: rollout.id,
    strategy: rollout.strategy,
    from: rollout.from,
    pool: rollout.to,
    version: rollout.version,
    step: step?.label ?? "",
    shares,
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
