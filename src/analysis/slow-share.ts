import type { Window } from "./counts.ts";
import { type Harm, logHarm, NO_HARM, observeHarm } from "./harm.ts";
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
  readonly past: { readonly n: number; readonly slow: readonly number[] };
  /** Why nothing can be compared, in words, or null. */
  readonly problem: string | null;
};

/** Increases over one window: `counts[i]` requests took `bounds[i]` or less (cumulative, as in Prometheus), `n` in all. */
export type Histogram = { readonly bounds: readonly number[]; readonly counts: readonly number[]; readonly n: number };

/** A quarter more slow requests, and one in a thousand on top, are allowed. */
const RULE: RatioRule = { rho: 1.25, delta: 1e-3 };

const LEAST_PAST = 500;
const RAREST = 0.001;
const COMMONEST = 0.6;

export const NO_SLOW_SHARE: SlowShare = { bounds: [], harms: [], past: { n: 0, slow: [] }, problem: null };

/** One window. Arms with different bounds cannot be compared: the evidence stays, and `problem` says why. */
export function observeSlowShare(state: SlowShare, canary: Histogram, stable: Histogram): SlowShare {
  const before = state.bounds.length === 0 ? started(stable.bounds) : state;
  const problem = mismatch(before.bounds, canary.bounds, "canary") ?? mismatch(before.bounds, stable.bounds, "stable");
  if (problem !== null) return { ...state, problem };
  const past = {
    n: before.past.n + stable.n,
    slow: before.past.slow.map((count, index) => count + slower(stable, index)),
  };
  const harms = before.harms.map((harm, index) =>
    isTelling(before, index) ? observeHarm(harm, RULE, slowWindow(canary, stable, index)) : harm,
  );
  return { bounds: before.bounds, harms, past, problem: null };
}

/** ln of the average over the bounds; 0 before anything was seen. */
export function logSlowShare({ harms }: SlowShare): number {
  const sum = logSum(harms.map(logHarm));
  return sum === null ? 0 : sum - Math.log(harms.length);
}

function started(given: readonly number[]): SlowShare {
  const bounds = given.filter(Number.isFinite);
  return { bounds, harms: bounds.map(() => NO_HARM), past: { n: 0, slow: bounds.map(() => 0) }, problem: null };
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
function mismatch(expected: readonly number[], given: readonly number[], arm: string): string | null {
  const finite = given.filter(Number.isFinite);
  if (finite.length === 0) return `the histogram of ${arm} has no buckets`;
  const same = finite.length === expected.length && finite.every((bound, index) => bound === expected[index]);
  return same
    ? null
    : `the buckets of ${arm} end at ${finite.join(", ")}, not at ${expected.join(", ")}: nothing can be compared`;
}
