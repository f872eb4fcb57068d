import type { Both, Compare, CountingSource, Evidence, Store, Subject, Write } from "../core/ports.ts";
import type { Effect } from "../core/rollout.ts";
import { type Metric, readsEveryPool } from "../core/service.ts";
import type { Json } from "../core/units.ts";
import type { Clock } from "./clock.ts";
import { type CompareCheck, type Compared, enterStep, takeIn } from "./comparing.ts";
import { comparedKey, evidenceKey, stableKey, windowsKey } from "./record.ts";
import { type Closed, freshWindows, type WindowLog, withWindows } from "./windows.ts";

export type SamplingDeps = { readonly store: Store; readonly clock: Clock; readonly metrics: CountingSource };

/** What is judged: the metric, on which endpoints of both pools, for which comparisons. */
export type Sampling = {
  readonly effect: Effect & { effect: "judge" };
  readonly metric: Metric;
  readonly canary: Subject;
  readonly stable: Subject;
  readonly compares: readonly CompareCheck[];
};

/** Evidence of the candidate's pool, the state of each comparison by its check, and why the newest read of either pool told nothing. */
export type Sampled = {
  readonly evidence: Evidence;
  readonly compared: ReadonlyMap<string, Compared>;
  readonly problem: string | null;
};

/**
 * One read, saved with all that follows from its counts before anything is concluded: a kill in between counts nothing twice. Null
 * where judging stopped while it was read: what belongs to a rollout that is over is gone, and stays so.
 */
export async function sampleMetric(deps: SamplingDeps, sampling: Sampling, isStopped: () => boolean): Promise<Sampled | null> {
  const { effect, metric, canary, stable, compares } = sampling;
  const known = new Known(deps.store);
  const reads = compares.length > 0 && !readsEveryPool(metric) ? [stable] : [];
  const keyOf = (subject: Subject) => (subject === canary ? evidenceKey : stableKey)(effect.rollout, metric.name);
  const before = await Promise.all([canary, ...reads].map((subject) => known.get<Evidence>(keyOf(subject))));
  const states = await Promise.all(compares.map(({ name }) => known.get<Compared>(comparedKey(effect.rollout, name))));
  const now = deps.clock.now();
  // At the same time, so that both tell of the same stretch.
  const found = await Promise.all(
    [canary, ...reads].map((subject, index) => deps.metrics.sample(metric, subject, before[index] ?? null, now)),
  );
  if (isStopped()) return null;
  const [evidence, other] = found;
  if (evidence === undefined) throw new Error(`${metric.name} was not read`);
  for (const [index, subject] of [canary, ...reads].entries()) known.put(keyOf(subject), found[index]);
  const both: Both = {
    canary: { pool: canary.arm ?? canary.pool, evidence },
    stable: { pool: stable.pool, evidence: other ?? evidence },
  };
  const compared = compares.map((check, index) => compareNext(deps.metrics, sampling, check, states[index] ?? null, both));
  for (const [index, { name }] of compares.entries()) {
    const state = compared[index];
    if (state === undefined) continue;
    known.put(comparedKey(effect.rollout, name), { ...state, closed: [] });
    await recordWindows(known, windowsKey(effect.rollout, name), freshWindows(state, now));
  }
  await known.save();
  return {
    evidence,
    compared: new Map(compares.flatMap(({ name }, index) => [[name, compared[index]] as [string, Compared]])),
    problem: evidence.problem ?? other?.problem ?? null,
  };
}

/** Adds windows to the log of a check; it is looked up only where there are any. */
async function recordWindows(known: Known, key: string, fresh: readonly Closed[]): Promise<void> {
  if (fresh.length === 0) return;
  const log = withWindows(await known.get<WindowLog>(key), fresh);
  if (log !== null) known.put(key, log);
}

function compareNext(
  metrics: CountingSource,
  { effect, metric }: Sampling,
  check: CompareCheck,
  before: Compared | null,
  both: Both,
): Compared {
  const { entry, since, alone } = effect;
  let state = enterStep(before, check, { entry, since, alone, metric });
  for (;;) {
    const arms = metrics.arms(metric, both, state.to, check.rule.margin);
    if (arms === null || arms.to <= state.to) return state;
    state = takeIn(state, check, arms, metric.windowMs);
  }
}

/** Values that are read, and then all written at once if nobody else wrote any of them. */
class Known {
  readonly #store: Store;
  readonly #revisions = new Map<string, number>();
  readonly #writes: Write[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  async get<T>(key: string): Promise<T | null> {
    const entry = await this.#store.get(key);
    this.#revisions.set(key, entry?.revision ?? 0);
    return (entry?.value as T | undefined) ?? null;
  }

  put(key: string, value: unknown): void {
    this.#writes.push({ put: key, value: value as Json });
  }

  async save(): Promise<void> {
    const compares: Compare[] = [...this.#revisions].map(([key, revision]) => ({ key, revision }));
    const saved = await this.#store.txn(compares, this.#writes);
    if (!saved.ok) throw new Error(`somebody else wrote one of ${[...this.#revisions.keys()].join(", ")} meanwhile`);
  }
}
