import type { Window } from "./counts.ts";
import { type LogValue, logSum, logTimes } from "./log-space.ts";

/**
 * RatioE: does the canary fail more often than the stable version allows?
 *
 * The null is `p_c <= rho p_s + delta` in every window, while p_s and the split of the traffic may change as they like, so
 * that an incident which hits both arms is no evidence. Given the failures of both arms together, where they fell is a bet:
 * with `A = n_c rho + n_s` and, for each factor r of a grid, `D = n_c rho r + n_s`, `a = r A / D`, `b = A / D`,
 *
 *     l = x_c ln a + x_s ln b - n_c delta (a - 1)
 *
 * and e^l is at most 1 on average under the null. Proof: 1 + u <= e^u gives E[a^x_c b^x_s] <= exp(n_c p_c (a-1) + n_s p_s (b-1)); at
 * p_c = rho p_s + delta the exponent is p_s (n_c rho a + n_s b - A) + n_c delta (a-1), whose bracket is 0. Exact for Bernoulli counts,
 * an equality for Poisson ones. For r > 1 a smaller p_c only lowers it (harm); for r < 1 the same holds the other way round
 * (HealthyE, healthy.ts).
 *
 * Products over windows are supermartingales, and so is their average over the grid, a method of mixtures (Robbins 1970). By
 * Ville's inequality (1939) it ever reaches 1/alpha with probability at most alpha, however often one looks: a safe,
 * anytime-valid test (Ramdas, Grünwald, Vovk, Shafer 2023; Grünwald, de Heide, Koolen 2024).
 */
export type RatioRule = {
  /** How many times the stable version's rate is still allowed, more than 0. */
  readonly rho: number;
  /** What is allowed on top of that, per request (or per second of exposure), 0 or more. */
  readonly delta: number;
};

/** The factors of harm that are bet on, with equal weights; the last stands for any. */
export const HARM_GRID: readonly number[] = [1.25, 1.5, 2, 3, 5, 10, 30, 1e6];

/** The l of each factor of the grid, for one window with traffic on both arms. */
export function logGains({ rho, delta }: RatioRule, grid: readonly number[], { canary, stable }: Window): readonly LogValue[] {
  const allowed = canary.n * rho;
  const all = allowed + stable.n;
  return grid.map((factor) => {
    const tilted = allowed * factor + stable.n;
    const onCanary = (factor * all) / tilted;
    const paid = canary.n * delta * (onCanary - 1);
    if (factor === 0) return canary.x > 0 ? null : stable.x * Math.log(all / tilted) - paid;
    return canary.x * Math.log(onCanary) + stable.x * Math.log(all / tilted) - paid;
  });
}

/** A plain process: for each factor, the sum of its l over all windows. */
export type Plain = readonly LogValue[];

export function startPlain(factors: number): Plain {
  return new Array<LogValue>(factors).fill(0);
}

export function betPlain(state: Plain, gains: readonly LogValue[]): Plain {
  return state.map((log, index) => logTimes(log, gains[index] ?? null));
}

/** ln M, with M = (1/K) sum_k exp(sum_t l_k,t). */
export function logOfPlain(state: Plain): LogValue {
  return logTimes(logSum(state), -Math.log(state.length));
}
