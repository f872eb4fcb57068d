import type { Counts } from "./counts.ts";
import { betGuarded, type Guarded, logOfGuarded, startGuarded } from "./guarded.ts";
import { addLatencies, type LatencyCounts, quantileBucket, slowerThan, totalOf } from "./latency-buckets.ts";

/**
 * LatE: is the canary slower than the stable version, by more than a margin, anywhere from the median to the last tenth of a percent?
 *
 * The null is that the canary's latency over (1 + margin) is stochastically no larger than the stable version's. Thresholds are the quantiles of
 * what stable did in *earlier* windows, so that nobody chooses them after the fact. For each, the counts above it are compared, by bets that the
 * odds of being above are psi times as high on the canary: with ts the past rate of stable and tc that of the odds,
 *
 *     tc = psi ts / (1 - ts + psi ts),  t0 = (n_c tc + n_s ts) / (n_c + n_s)
 *     l = x_c ln(tc/t0) + (n_c - x_c) ln((1-tc)/(1-t0)) + x_s ln(ts/t0) + (n_s - x_s) ln((1-ts)/(1-t0))
 *
 * e^l is at most 1 on average for any true rate, by the inequality of arithmetic and geometric means over its n_c + n_s factors, also where ts is
 * wrong, and one-sided because tc/t0 rises with tc (the two-sample e-values for proportions of Turner, Ly and Grünwald, 2024). The 36 pairs of
 * thresholds and odds are the parts of one guarded process; an average of e-values needs no independence.
 *
 * Sees a shift of the median and damage to the tail alike. Failed requests are left out on both sides: a fast failure would look like an
 * improvement, and RatioE sees it anyway.
 */
export type Latency = {
  readonly guarded: Guarded;
  /** All stable latencies of earlier windows; those from before the rollout may be put in. Kept across steps. */
  readonly past: LatencyCounts;
  /** What both arms did in the windows of this step that were compared. */
  readonly step: LatencyWindow;
};

/** Latencies of one window; the canary's were divided by 1 + margin before they were counted. */
export type LatencyWindow = { readonly canary: LatencyCounts; readonly stable: LatencyCounts };

export const QUANTILES: readonly number[] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
export const ODDS: readonly number[] = [1.25, 1.5, 2, 3, 6, 20];

/** With fewer stable latencies than these, thresholds would be guesses: windows only add to the past. */
export const LEAST_PAST = 500;

const NOTHING: LatencyWindow = { canary: [], stable: [] };

export const NO_LATENCY: Latency = { guarded: startGuarded(QUANTILES.length * ODDS.length), past: [], step: NOTHING };

export function observeLatency(state: Latency, window: LatencyWindow): Latency {
  const { canary, stable } = window;
  const past = addLatencies(state.past, stable);
  const known = totalOf(state.past);
  const comparable = totalOf(canary) > 0 && totalOf(stable) > 0;
  if (known < LEAST_PAST || !comparable) return { ...state, past };
  return {
    guarded: betGuarded(state.guarded, gainsOf(state.past, window), { dispersion: 1 }),
    past,
    step: { canary: addLatencies(state.step.canary, canary), stable: addLatencies(state.step.stable, stable) },
  };
}

/** At the start of a step: the evidence and the past are kept. */
export function beginLatencyStep(state: Latency): Latency {
  return { ...state, step: NOTHING };
}

/** ln M; at ln(1/alpha) the canary is slower. */
export function logSlower(state: Latency): number {
  return logOfGuarded(state.guarded);
}

/** The gains by threshold and odds, thresholds first. */
function gainsOf(past: LatencyCounts, { canary, stable }: LatencyWindow): number[] {
  const known = totalOf(past);
  const canaryN = totalOf(canary);
  const stableN = totalOf(stable);
  return QUANTILES.flatMap((q) => {
    const threshold = quantileBucket(past, q);
    const rate = clamp(Math.max(slowerThan(past, threshold), 0.5) / known);
    const slow = { canary: slowerThan(canary, threshold), stable: slowerThan(stable, threshold) };
    return ODDS.map((odds) => oddsGain(rate, odds, { n: canaryN, x: slow.canary }, { n: stableN, x: slow.stable }));
  });
}

/** l of one threshold and one factor of odds; `x` counts what took longer than the threshold, of which stable's past rate is `ts`. */
export function oddsGain(ts: number, odds: number, canary: Counts, stable: Counts): number {
  const tc = (odds * ts) / (1 - ts + odds * ts);
  const t0 = (canary.n * tc + stable.n * ts) / (canary.n + stable.n);
  return (
    canary.x * Math.log(tc / t0) +
    (canary.n - canary.x) * Math.log((1 - tc) / (1 - t0)) +
    stable.x * Math.log(ts / t0) +
    (stable.n - stable.x) * Math.log((1 - ts) / (1 - t0))
  );
}

function clamp(rate: number): number {
  return Math.min(0.999, Math.max(1e-5, rate));
}
