import { judgeBound } from "../analysis/bounds.ts";
import { endpointStates } from "../core/health.ts";
import type { Evidence, Log, MetricSource, Store, Subject } from "../core/ports.ts";
import type { Effect, Verdict } from "../core/rollout.ts";
import { type Metric, unitOf } from "../core/service.ts";
import type { Endpoint, Json, Ms, PoolName } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import type { Clock } from "./clock.ts";
import { evidenceKey } from "./record.ts";
import { sightOf } from "./service-state.ts";

type Judge = Effect & { effect: "judge" };

export type JudgingDeps = { readonly store: Store; readonly clock: Clock; readonly metrics: MetricSource; readonly log: Log };

/**
 * Reads the metrics that an effect's checks need, stores what was read, and tells the rollout the verdicts: at once, so
 * that the first window begins with the step, and then at the pace of the quickest metric.
 */
export function startJudging(deps: JudgingDeps, cell: Cell, effect: Judge): () => void {
  const everyMs: Ms = Math.min(...effect.metrics.map((metric) => metric.intervalMs));
  let stopped = false;
  let cancel = () => {};
  const round = async () => {
    try {
      const verdicts = await judgeOnce(deps, cell, effect);
      if (!stopped) await cell.accept({ signal: "judged", rollout: effect.rollout, entry: effect.entry, verdicts });
    } catch (error) {
      deps.log.error("a round of judging could not be stored; trying again", {
        service: cell.settings.name,
        error: String(error),
      });
    }
    if (!stopped) cancel = deps.clock.after(everyMs, () => void round());
  };
  cancel = deps.clock.after(0, () => void round());
  return () => {
    stopped = true;
    cancel();
  };
}

async function judgeOnce(deps: JudgingDeps, cell: Cell, effect: Judge): Promise<readonly Verdict[]> {
  const subject = {
    service: cell.settings.name,
    pool: effect.pool,
    version: effect.version,
    endpoints: endpointsOf(cell, effect.pool),
    since: effect.since,
  };
  const read = await Promise.all(
    effect.metrics.map(async (metric) => [metric.name, await readMetric(deps, effect.rollout, metric, subject)] as const),
  );
  const evidence = new Map(read);
  const now = deps.clock.now();
  return effect.checks.map((check) => {
    const metric = effect.metrics.find((one) => one.name === check.metric);
    const known = evidence.get(check.metric);
    if (metric === undefined || known === undefined)
      throw new Error(`${check.name} names a metric that is not configured: ${check.metric}`);
    const measurement = deps.metrics.measure(metric, known, effect.since, now.t);
    return judgeBound({
      check,
      unit: unitOf(metric),
      measurement,
      windowMs: metric.windowMs,
      since: effect.since,
      now: now.t,
    });
  });
}

/** One read, saved before anything is concluded from it: a kill in between counts nothing twice. */
async function readMetric(deps: JudgingDeps, rollout: string, metric: Metric, subject: Subject): Promise<Evidence> {
  const key = evidenceKey(rollout, metric.name);
  const before = await deps.store.get(key);
  const evidence = await deps.metrics.sample(metric, subject, (before?.value as Evidence | undefined) ?? null, deps.clock.now());
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
