import { addCounts, type Counts, NO_COUNTS, type Window } from "./counts.ts";
import { pairOf } from "./dispersion.ts";
import type { RatioRule } from "./ratio.ts";

/**
 * The other guard against bursts: a dispersion that grows with the number of failures expected in the window.
 *
 * Where a rate itself varies between windows by a coefficient of variation c, e failures scatter 1 + c^2 e times as much as independent ones
 * (negative binomial counts). So one failure a window needs no tempering however bursty the service, and a hundred need much. The
 * method's own dispersion is one number for all windows, which tempers rare failures too much and many too little. c^2 is taken from the
 * chi-squares of neighbouring windows, drawn towards .25 (c = .5) by 40 imagined failures, and e from stable's rate in earlier windows: both
 * known before the window, so that the evidence stays at most 1 on average.
 *
 * Measured against the default by `npm run bench -- verdicts`: fewer false aborts of bursty canaries, and small regressions are found sooner;
 * the price is paid where both many fail and the difference is small, because then a burst is the likelier cause.
 */
export type Bursts = {
  /** Sum over the pairs of their chi-squares beyond 1, and of the canary failures that each of their windows has on average. */
  readonly excess: number;
  readonly failures: number;
  readonly stable: Counts;
  readonly previous: Window | null;
};

const ASSUMED = 0.25;
const IMAGINED_FAILURES = 40;

export const NO_BURSTS: Bursts = { excess: 0, failures: 0, stable: NO_COUNTS, previous: null };

/** Small regressions are what is hard to find, so the small factors of HARM_GRID get most of the stake. They sum to 1. */
export const BURST_WEIGHTS: readonly number[] = [0.2, 0.25, 0.2, 0.12, 0.09, 0.06, 0.05, 0.03];

/** Takes in a window with traffic on both arms. */
export function observeBursts(state: Bursts, window: Window): Bursts {
  const pair = state.previous === null ? null : pairOf(state.previous, window);
  return {
    excess: state.excess + (pair === null ? 0 : pair.chiSquare - 1),
    failures: state.failures + (pair === null ? 0 : pair.expected / 2),
    stable: addCounts(state.stable, window.stable),
    previous: window,
  };
}

/** What the gains of a window with `canaryN` requests are divided by; 1 before the first window. */
export function burstDispersion({ excess, failures, stable }: Bursts, rule: RatioRule, canaryN: number): number {
  if (stable.n === 0) return 1;
  const expected = canaryN * (rule.rho * (stable.x / stable.n) + rule.delta);
  const squared = Math.max(0, (excess + ASSUMED * IMAGINED_FAILURES) / (failures + IMAGINED_FAILURES));
  return 1 + squared * expected;
}
