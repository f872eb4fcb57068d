import { isComparable, type Window } from "./counts.ts";
import { betPlain, HARM_GRID, logGains, logOfPlain, type Plain, startPlain } from "./ratio.ts";

/**
 * How many times the stable version's failure rate the canary's is, at the least: the lower end of a confidence sequence, which holds
 * at all times at once.
 *
 * A plain RatioE runs for each of 24 ratios, side by side; those that it rejects are too small (the duality of tests and confidence sets, for
 * e-processes in Ramdas, Grünwald, Vovk and Shafer 2023, section 6). On the grid the largest ratio that is rejected together with all smaller
 * ones is a bound; the true one lies less than 20 % above it.
 */
export type RateBound = readonly Plain[];

/** 1, 1.2, 1.44, … 66: below 1 nothing is of interest. */
export const RATE_RATIOS: readonly number[] = Array.from({ length: 24 }, (_, index) => 1.2 ** index);

export const NO_RATE_BOUND: RateBound = RATE_RATIOS.map(() => startPlain(HARM_GRID.length));

export function observeRateBound(state: RateBound, window: Window): RateBound {
  if (!isComparable(window)) return state;
  return state.map((plain, index) => {
    const rho = RATE_RATIOS[index] ?? 1;
    return betPlain(plain, logGains({ rho, delta: 0 }, HARM_GRID, window));
  });
}

/** The ratio that the true one exceeds, wrong at any time with probability alpha at most; null where not even 1 is ruled out. */
export function rateRatioAbove(state: RateBound, alpha: number): number | null {
  const kept = state.findIndex((plain) => (logOfPlain(plain) ?? Number.NEGATIVE_INFINITY) < Math.log(1 / alpha));
  return RATE_RATIOS[(kept < 0 ? RATE_RATIOS.length : kept) - 1] ?? null;
}
