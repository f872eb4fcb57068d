import { isComparable, type Window } from "./counts.ts";
import { betPlain, logGains, logOfPlain, type Plain, type RatioRule, startPlain } from "./ratio.ts";

/**
 * HealthyE: evidence that the canary is *not* harmful, which is what an advance needs.
 *
 * The null is `p_c >= rho1 p_s + delta1` (harmful); the formulas are RatioE's with factors below 1, where they are at most 1 on average in the
 * other direction (ratio.ts). No guards: this is a test of non-inferiority, and starts anew at each step, because it proves only
 * that the release was not harmful throughout what it saw: old healthy minutes must not vouch for the present step.
 *
 * Without a failure anywhere, at a share of 5 % and 1/beta = 20, it takes 827 canary requests at delta1 = 0.5 %, and 414 at 1 %.
 */
export type Healthy = Plain;

/** How much better than harmful the canary may be, with equal weights; 0 stands for a canary that never fails. */
export const HEALTHY_GRID: readonly number[] = [0, 0.125, 0.25, 0.4, 0.55, 0.7, 0.85];

export const NOT_YET_HEALTHY: Healthy = startPlain(HEALTHY_GRID.length);

export function observeHealthy(state: Healthy, rule: RatioRule, window: Window): Healthy {
  return isComparable(window) ? betPlain(state, logGains(rule, HEALTHY_GRID, window)) : state;
}

/** ln of the evidence; finite, as only the factor 0 can be ruined. */
export function logHealthy(state: Healthy): number {
  return logOfPlain(state) ?? Number.NEGATIVE_INFINITY;
}
