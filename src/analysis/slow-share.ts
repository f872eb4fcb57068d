import type { Window } from "./counts.ts";
import { type Harm, logHarm, NO_HARM, observeHarm } from "./harm.ts";
import { LEAST_PAST } from "./latency.ts";
import { logSum } from "./log-space.ts";
import type { RatioRule } from "./ratio.ts";

/**
 * Latencies of a histogram that the application itself has put into buckets (`le` of Prometheus).
 *
 * Within a bucket nothing is known, so no margin can be divided out of the canary's latencies. Instead each finite bound splits the requests into
 * fast and slow, and RatioE with its guards compares the slow ones, allowing a quarter more and one in a thousand. The evidence is
 * the average over all bounds, which is at most 1 on average as each of them is. A bound bets only while between 0.1 and 60 % of stable's earlier
 * requests were slower; otherwise it keeps its wealth.
 *
 * Percentiles of the two arms are never compared: of 100 requests the 99th percentile is one request.
 */
export type SlowShare = {
  /** The finite bounds, rising, as they were first seen; empty before that. */
  readonly bounds: readonly number[];
  readonly harms: readonly Harm[];
  /** Stable's earlier requests: all, and those slower than each bound. */
  readonly past: Slow;
  /** What both arms did in the windows of this step that were compared. */
  readonly step: { readonly canary: Slow; readonly stable: Slow };
  /** Why nothing can be compared, in words, or null. */
  readonly problem: string | null;
};

/** Requests: all, and those slower than each bound. */
export type Slow = { readonly n: number; readonly slow: readonly number[] };

/** Increases over one window: `counts[i]` requests took `bounds[i]` or less (cumulative, as in Prometheus), `n` in all. */
export type Histogram = { readonly bounds: readonly number[]; readonly counts: readonly number[]; readonly n: number };

/** A quarter more slow requests, and one in a thousand on top, are allowed. */
export const SLOW_RULE: RatioRule = { rho: 1.25, delta: 1e-3 };

const RAREST = 0.001;
const COMMONEST = 0.6;

const NOTHING: Slow = { n: 0, slow: [] };

export const NO_SLOW_SHARE: SlowShare = {
  bounds: [],
  harms: [],
  past: NOTHING,
  step: { canary: NOTHING, stable: NOTHING },
  problem: null,
};

/**
 * One window. Arms with different bounds cannot be compared: the evidence stays, and `problem` says why. An arm without requests says nothing,
 * and may well have no buckets yet.
 */
export function observeSlowShare(state: SlowShare, canary: Histogram, stable: Histogram, rule: RatioRule = SLOW_RULE): SlowShare {
  const before = state.bounds.length === 0 ? started(stable.bounds) : state;
  const problem = mismatch(before.bounds, canary, "canary") ?? mismatch(before.bounds, stable, "stable");
  if (problem !== null) return { ...state, problem };
  if (stable.n === 0) return { ...state, problem: null };
  const past = added(before.past, stable);
  if (canary.n === 0) return { ...before, past, problem: null };
  const harms = before.harms.map((harm, index) =>
    isTelling(before, index) ? observeHarm(harm, rule, slowWindow(canary, stable, index)) : harm,
  );
  const { step } = before;
  const compared = before.past.n >= LEAST_PAST;
  return {
    bounds: before.bounds,
    harms,
    past,
    step: compared ? { canary: added(step.canary, canary), stable: added(step.stable, stable) } : step,
    problem: null,
  };
}

/** At the start of a step: the evidence and the past are kept. */
export function beginSlowShareStep(state: SlowShare): SlowShare {
  return { ...state, step: { canary: NOTHING, stable: NOTHING } };
}

function added({ n, slow }: Slow, more: Histogram): Slow {
  return { n: n + more.n, slow: more.bounds.filter(Number.isFinite).map((_, index) => (slow[index] ?? 0) + slower(more, index)) };
}

/**
 * Two stretches of one arm that follow each other. Where its bounds changed in between, both sets are kept: that matches nothing, as nobody
 * knows how many of the one stretch were below the bounds of the other.
 */
export function joinHistograms(a: Histogram, b: Histogram): Histogram {
  const counts = new Map<number, number>();
  for (const { bounds, counts: more } of [a, b])
    for (const [index, bound] of bounds.entries()) counts.set(bound, (counts.get(bound) ?? 0) + (more[index] ?? 0));
  const sorted = [...counts].sort(([one], [other]) => one - other);
  return { bounds: sorted.map(([bound]) => bound), counts: sorted.map(([, count]) => count), n: a.n + b.n };
}

/** ln of the average over the bounds; 0 before anything was seen. */
export function logSlowShare({ harms }: SlowShare): number {
  const sum = logSum(harms.map(logHarm));
  return sum === null ? 0 : sum - Math.log(harms.length);
}

function started(given: readonly number[]): SlowShare {
  const bounds = given.filter(Number.isFinite);
  return { ...NO_SLOW_SHARE, bounds, harms: bounds.map(() => NO_HARM) };
}

function isTelling({ past }: SlowShare, index: number): boolean {
  const rate = (past.slow[index] ?? 0) / past.n;
  return past.n >= LEAST_PAST && rate >= RAREST && rate <= COMMONEST;
}

function slowWindow(canary: Histogram, stable: Histogram, index: number): Window {
  return { canary: { n: canary.n, x: slower(canary, index) }, stable: { n: stable.n, x: slower(stable, index) } };
}

function slower({ counts, n }: Histogram, index: number): number {
  return Math.max(0, n - (counts[index] ?? 0));
}

/** Bounds as numbers: `1` and `1.0` are one. */
function mismatch(expected: readonly number[], { bounds, n }: Histogram, arm: string): string | null {
  if (n === 0) return null;
  const finite = bounds.filter(Number.isFinite);
  if (finite.length === 0) return `the histogram of ${arm} has no buckets`;
  const same = finite.length === expected.length && finite.every((bound, index) => bound === expected[index]);
  return same
    ? null
    : `the buckets of ${arm} end at ${finite.join(", ")}, not at ${expected.join(", ")}: nothing can be compared`;
}
