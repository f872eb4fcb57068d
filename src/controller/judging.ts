import { judgeBound } from "../analysis/bounds.ts";
import { endpointStates } from "../core/health.ts";
import type { Log, Subject } from "../core/ports.ts";
import type { Effect, Verdict } from "../core/rollout.ts";
import { type Metric, unitOf } from "../core/service.ts";
import { type Bp, type Endpoint, type Ms, type PoolName, WHOLE } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import { compareVerdictOf } from "./compared-verdict.ts";
import { isCompare } from "./comparing.ts";
import { armOf, judgedEndpoints } from "./judged.ts";
import { weighPooled } from "./pooled.ts";
import { type SamplingDeps, sampleMetric } from "./sampling.ts";
import { sightOf } from "./service-state.ts";
import { boundBasis, comparedBasis } from "./verdict-basis.ts";

type Judge = Effect & { effect: "judge" };

export type JudgingDeps = SamplingDeps & { readonly log: Log };

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

/** How soon one read follows the other while the candidate fails, and for how long after the latest sign of it. */
const HURRY_MS: Ms = 250;
const HURRY_FOR_MS: Ms = 2_000;

function startOne(deps: JudgingDeps, cell: Cell, effect: Judge, metric: Metric): () => void {
  let stopped = false;
  let busy = true;
  let hurryUntil: Ms = Number.NEGATIVE_INFINITY;
  let cancel = () => {};
  const again = () => {
    const hurries = deps.clock.now().t < hurryUntil;
    cancel = deps.clock.after(hurries ? Math.min(HURRY_MS, metric.intervalMs) : metric.intervalMs, () => void round());
  };
  const round = async () => {
    busy = true;
    try {
      const verdicts = await judgeOnce(deps, cell, effect, metric, () => stopped);
      const { rollout, entry, members } = effect;
      if (!stopped) await cell.accept({ signal: "judged", rollout, entry, members, verdicts });
    } catch (error) {
      deps.log.error("a round of judging could not be stored; trying again", {
        service: cell.settings.name,
        metric: metric.name,
        error: String(error),
      });
    }
    busy = false;
    if (!stopped) again();
  };
  // An outage does not wait for the interval. Earlier looks change no evidence, only when it is seen.
  const hurry = () => {
    const now = deps.clock.now().t;
    const hurries = now < hurryUntil;
    hurryUntil = now + HURRY_FOR_MS;
    if (hurries || busy || stopped) return;
    cancel();
    again();
  };
  const compared = effect.checks.some((check) => check.metric === metric.name && isCompare(check));
  const arm = effect.members === null ? {} : { arm: armOf(effect.pool) };
  const subject = { service: cell.settings.name, pool: effect.pool, ...arm };
  const leave = compared ? deps.metrics.hurry?.(metric, subject, hurry) : undefined;
  cancel = deps.clock.after(0, () => void round());
  return () => {
    stopped = true;
    leave?.();
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
  const checks = effect.checks.filter((check) => check.metric === metric.name);
  const { since } = effect;
  const compares = checks.filter(isCompare);
  const subjects = subjectsOf(cell, effect);
  const canary = { ...subjects.canary, margins: compares.map(({ rule }) => rule.margin) };
  const { stable } = subjects;
  const sampled = await sampleMetric(deps, { effect, metric, canary, stable, compares }, isStopped);
  if (sampled === null) return [];
  const { evidence, compared, problem } = sampled;
  const now = deps.clock.now();
  const measurement = deps.metrics.measure(metric, evidence, since, now.t);
  const sample = sampleOf(metric);
  const part = sample === null ? {} : { part: sample / WHOLE };
  const names = { ...namesOf(effect), ...part };
  const verdicts = checks.map((check): Verdict => {
    const { rule } = check;
    const state = compared.get(check.name);
    if (isCompare(check) && state !== undefined) {
      const verdict = compareVerdictOf(state, check, names, metric.windowMs, problem);
      return { ...verdict, basis: comparedBasis(state, check, metric.windowMs, verdict, sample) };
    }
    if (rule.kind === "compare") throw new Error(`${check.name} was not compared`);
    const { windowMs } = metric;
    const input = { check: { ...check, rule }, unit: unitOf(metric), measurement, windowMs, since, now: now.t, ...part };
    const verdict = judgeBound(input);
    return { ...verdict, basis: boundBasis(input, verdict, sample) };
  });
  return weighPooled(verdicts, effect.checks, cell.rollout?.verdicts ?? {});
}

/** Who is judged, and whom it is compared with: two pools, or some members of one and their peers. */
function subjectsOf(cell: Cell, effect: Judge): { readonly canary: Subject; readonly stable: Subject } {
  const { since } = effect;
  const of = (pool: PoolName, version: string | null): Subject => ({
    service: cell.settings.name,
    pool,
    version,
    endpoints: endpointsOf(cell, pool),
    since,
  });
  const canary = of(effect.pool, effect.version);
  const stable = of(effect.stable, null);
  const judged = judgedEndpoints(cell);
  if (effect.members === null || judged === null) return { canary, stable };
  const isJudged = (endpoint: Endpoint) => judged.includes(endpoint);
  return {
    canary: { ...canary, arm: armOf(effect.pool), endpoints: canary.endpoints.filter(isJudged) },
    stable: { ...stable, endpoints: stable.endpoints.filter((endpoint) => !isJudged(endpoint)) },
  };
}

function namesOf({ pool, stable, members }: Judge): { readonly canary: string; readonly stable: string } {
  return members === null ? { canary: pool, stable } : { canary: members.join(", "), stable: "the others" };
}

/** What part of the requests a metric counts; null where that is all of them. */
function sampleOf(metric: Metric): Bp | null {
  return metric.source === "nginx" && metric.sample < WHOLE ? metric.sample : null;
}

/** Endpoints that get traffic: a member that a person took out says nothing about the release. */
function endpointsOf(cell: Cell, pool: PoolName): readonly Endpoint[] {
  const { record, settings } = cell;
  const sight = sightOf(record.state, settings, record.sight, cell.rollout)[pool];
  if (sight === undefined) return [];
  return Object.entries(endpointStates(sight, record.route.endpoints[pool] ?? {})).flatMap(([endpoint, state]) =>
    state === "draining" ? [] : endpoint,
  );
}
