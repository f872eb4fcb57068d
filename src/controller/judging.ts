import { judgeBound } from "../analysis/bounds.ts";
import { endpointStates } from "../core/health.ts";
import type { Evidence, Log, MetricSource, Store, Subject } from "../core/ports.ts";
import type { Effect, Verdict } from "../core/rollout.ts";
import { type Metric, unitOf } from "../core/service.ts";
import type { Endpoint, Json, PoolName } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import type { Clock } from "./clock.ts";
import { evidenceKey } from "./record.ts";
import { sightOf } from "./service-state.ts";

type Judge = Effect & { effect: "judge" };

export type JudgingDeps = { readonly store: Store; readonly clock: Clock; readonly metrics: MetricSource; readonly log: Log };

/**
 * Reads the metrics that an effect's checks need, stores what was read, and tells the rollout the verdicts: at once, so
 * that the first window begins with the step, and then each metric at its own pace, so that none waits for another.
 */
export function startJudging(deps: JudgingDeps, cell: Cell, effect: Judge): () => void {
  const stops = effect.metrics.map((metric) => startOne(deps, cell, effect, metric));
  return () => {
    for (const stop of stops) stop();
  };
}

function startOne(deps: JudgingDeps, cell: Cell, effect: Judge, metric: Metric): () => void {
  let stopped = false;
  let cancel = () => {};
  const round = async () => {
    try {
      const verdicts = await judgeOnce(deps, cell, effect, metric, () => stopped);
      if (!stopped) await cell.accept({ signal: "judged", rollout: effect.rollout, entry: effect.entry, verdicts });
    } catch (error) {
      deps.log.error("a round of judging could not be stored; trying again", {
        service: cell.settings.name,
        metric: metric.name,
        error: String(error),
      });
    }
    if (!stopped) cancel = deps.clock.after(metric.intervalMs, () => void round());
  };
  cancel = deps.clock.after(0, () => void round());
  return () => {
    stopped = true;
    cancel();
  };
}

/** Reads one metric, and judges by the checks that name it; by none where judging has stopped meanwhile. */
async function judgeOnce(
  deps: JudgingDeps,
  cell: Cell,
  effect: Judge,
  metric: Metric,
  isStopped: () => boolean,
): Promise<readonly Verdict[]> {
  const subject = {
    service: cell.settings.name,
    pool: effect.pool,
    version: effect.version,
    endpoints: endpointsOf(cell, effect.pool),
    since: effect.since,
  };
  const evidence = await readMetric(deps, effect.rollout, metric, subject, isStopped);
  if (evidence === null) return [];
  const now = deps.clock.now();
  const measurement = deps.metrics.measure(metric, evidence, effect.since, now.t);
  return effect.checks
    .filter((check) => check.metric === metric.name)
    .map((check) =>
      judgeBound({ check, unit: unitOf(metric), measurement, windowMs: metric.windowMs, since: effect.since, now: now.t }),
    );
}

/**
 * One read, saved before anything is concluded from it: a kill in between counts nothing twice. Null where judging stopped while it was
 * read: what belongs to a rollout that is over is gone, and stays so.
 */
async function readMetric(
  deps: JudgingDeps,
  rollout: string,
  metric: Metric,
  subject: Subject,
  isStopped: () => boolean,
): Promise<Evidence | null> {
  const key = evidenceKey(rollout, metric.name);
  const before = await deps.store.get(key);
  const evidence = await deps.metrics.sample(metric, subject, (before?.value as Evidence | undefined) ?? null, deps.clock.now());
  if (isStopped()) return null;
  const saved = await deps.store.txn(
    [{ key, revision: before?.revision ?? 0 }],
    [{ put: key, value: evidence as unknown as Json }],
  );
  if (!saved.ok) throw new Error(`somebody else wrote ${key} meanwhile`);
  return evidence;
}

/** Endpoints that get traffic: a member that a person took out says nothing about the release. */
function endpointsOf(cell: Cell, pool: PoolName): readonly Endpoint[] {
  const { record, settings } = cell;
  const sight = sightOf(record.state, settings, record.sight)[pool];
  if (sight === undefined) return [];
  return Object.entries(endpointStates(sight, record.route.endpoints[pool] ?? {})).flatMap(([endpoint, state]) =>
    state === "draining" ? [] : endpoint,
  );
}
