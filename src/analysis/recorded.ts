import type { Counts } from "./counts.ts";
import { betGuarded, type Guarded, logOfGuarded, startGuarded } from "./guarded.ts";
import { HARM_GRID, type RatioRule } from "./ratio.ts";

/**
 * Does the candidate fail more often than stable *did*? For when all the traffic is on the candidate, and stable's counts of the same rollout
 * are all there is to compare with.
 *
 * The null is `p_c <= rho p_s + delta` in every window of the candidate, with one constant p_s behind all that was recorded of stable. So an
 * incident that begins now, and would have hit stable too, counts against the candidate: no method can mend that, and whoever shows this has
 * to say that it is not at the same time.
 *
 * Stable's X failures of N requests are one observation, known all at once, and are used once: for the most that p_s may be. By Chernoff's
 * bound (for Poisson counts, and so for Bernoulli ones) X is that small with probability alpha / 2 at most where p_s exceeds
 *
 *     U = mu / N  with  mu >= X  and  mu - X - X ln(mu / X) = phi ln(2 / alpha)
 *
 * Against the fixed rate p_0 = rho U + delta each window of the candidate is then a bet of its own: for the factors r of the grid
 * `l = x ln r - n p_0 (r - 1)`, RatioE with a stable arm of any size, whose e^l is at most 1 on average by 1 + u <= e^u, with RatioE's guards. At
 * 2 / alpha it is wrong with probability alpha / 2, and both together with alpha. To divide stable's counts over the windows and bet on each
 * part would not be valid at all times: they are known before, and a bet on them could be left just when they turn out lucky.
 *
 * phi is 1 or more: how much more than by chance failures scattered before. It widens U, and tempers the bets.
 */
export type Recorded = {
  /** What stable did before. */
  readonly stable: Counts;
  /** U: the most that its rate may have been; 0 where nothing was recorded, and then nothing is bet. */
  readonly mostRate: number;
  readonly dispersion: number;
  readonly guarded: Guarded;
};

export function startRecorded(stable: Counts, dispersion: number, alpha: number): Recorded {
  const mostRate = mostRateOf(stable, dispersion * neededOf(alpha));
  return { stable, mostRate, dispersion, guarded: startGuarded(HARM_GRID.length) };
}

/** One window of the candidate; `bet` is how where it is not the guarded process. */
export function observeRecorded(
  state: Recorded,
  { rho, delta }: RatioRule,
  { n, x }: Counts,
  bet: { readonly dispersion: number; readonly logCap?: number } = state,
): Recorded {
  if (n === 0 || state.stable.n === 0) return state;
  const rate = rho * state.mostRate + delta;
  const gains = HARM_GRID.map((factor) => x * Math.log(factor) - n * rate * (factor - 1));
  const { dispersion, logCap } = bet;
  return { ...state, guarded: betGuarded(state.guarded, gains, logCap === undefined ? { dispersion } : { dispersion, logCap }) };
}

/** ln of the evidence; a revert at `neededOf(alpha)` is wrong with probability alpha at most, where rates are constant. */
export function logRecorded({ guarded }: Recorded): number {
  return logOfGuarded(guarded);
}

/** ln(2 / alpha): half of alpha is for what stable's rate may have been. */
export function neededOf(alpha: number): number {
  return Math.log(2 / alpha);
}

/** U by halving: the left side rises with mu from 0 at X on. */
function mostRateOf({ n, x }: Counts, needed: number): number {
  if (n === 0) return 0;
  const deviance = (mean: number) => mean - x - (x === 0 ? 0 : x * Math.log(mean / x));
  let low = x;
  let high = x + 2 * needed + 2 * Math.sqrt(2 * needed * (x + 1)) + 1;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (deviance(middle) < needed) low = middle;
    else high = middle;
  }
  return high / n;
}
