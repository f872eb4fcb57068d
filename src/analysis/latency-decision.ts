import type { Counts } from "./counts.ts";
import { type Latency, LEAST_PAST, logSlower, oddsGain, QUANTILES } from "./latency.ts";
import { bucketEndMs, quantileBucket, slowerThan, totalOf } from "./latency-buckets.ts";

export type LatencyRule = {
  /** How much slower the canary may be: 0.1 is a tenth. The canary's latencies were divided by 1 + margin before they were counted. */
  readonly margin: number;
  readonly alpha: number;
  /** Canary requests of the step that a latency has to be seen of before it passes. */
  readonly minRequests: number;
};

/** The threshold at which the arms of this step differ most to the canary's disadvantage; `x` counts requests that took longer. */
export type Slowest = { readonly ms: number; readonly canary: Counts; readonly stable: Counts };

export type LatencyDecision = {
  readonly is: "revert" | "advance" | "hold";
  readonly cause: "slower" | "no slower" | "too little past" | "too few requests" | "undecided";
  readonly logSlower: number;
  readonly logSlowerNeeded: number;
  readonly requests: number;
  readonly requestsNeeded: number;
  /** Null before anything was compared in this step. */
  readonly slowest: Slowest | null;
};

/**
 * Decides on latency: revert at 1/alpha. There is no test that proves a canary quick, so it advances once enough requests were compared and
 * the evidence against it is below the square root of what reverts; between the two it holds.
 */
export function decideLatency(state: Latency, { alpha, minRequests }: LatencyRule): LatencyDecision {
  const numbers = {
    logSlower: logSlower(state),
    logSlowerNeeded: Math.log(1 / alpha),
    requests: totalOf(state.step.canary),
    requestsNeeded: minRequests,
    slowest: slowestOf(state),
  };
  if (numbers.logSlower >= numbers.logSlowerNeeded) return { is: "revert", cause: "slower", ...numbers };
  if (totalOf(state.past) < LEAST_PAST) return { is: "hold", cause: "too little past", ...numbers };
  if (numbers.requests < minRequests) return { is: "hold", cause: "too few requests", ...numbers };
  if (numbers.logSlower >= numbers.logSlowerNeeded / 2) return { is: "hold", cause: "undecided", ...numbers };
  return { is: "advance", cause: "no slower", ...numbers };
}

/** Thresholds are stable's quantiles of this step, and the one is shown that odds twice as high would explain best. */
function slowestOf({ step }: Latency): Slowest | null {
  const n = { canary: totalOf(step.canary), stable: totalOf(step.stable) };
  if (n.canary === 0 || n.stable === 0) return null;
  const found = QUANTILES.map((q) => {
    const bucket = quantileBucket(step.stable, q);
    const canary = { n: n.canary, x: slowerThan(step.canary, bucket) };
    const stable = { n: n.stable, x: slowerThan(step.stable, bucket) };
    const rate = Math.max(stable.x, 0.5) / n.stable;
    return { ms: bucketEndMs(bucket), canary, stable, worth: oddsGain(rate, 2, canary, stable) };
  });
  const [first, ...rest] = found;
  if (first === undefined) return null;
  const { ms, canary, stable } = rest.reduce((best, one) => (one.worth > best.worth ? one : best), first);
  return { ms, canary, stable };
}
