import { BURST_WEIGHTS, type Bursts, burstDispersion, NO_BURSTS, observeBursts } from "./bursts.ts";
import { isComparable, type Window } from "./counts.ts";
import { type Dispersion, dispersionOf, NO_DISPERSION, observeDispersion } from "./dispersion.ts";
import { type Bet, betGuarded, type Guarded, logOfGuarded, startGuarded } from "./guarded.ts";
import { HARM_GRID, logGains, type RatioRule } from "./ratio.ts";

/** RatioE with its guards: what a revert is decided by. Kept across the steps of a rollout. */
export type Harm = { readonly guarded: Guarded; readonly dispersion: Dispersion; readonly bursts: Bursts };

/** Which guard against bursts: `scatter`, the default, has one dispersion for all windows (dispersion.ts), `bursts` one that grows with the failures (bursts.ts). */
export type Guard = "scatter" | "bursts";

export const NO_HARM: Harm = { guarded: startGuarded(HARM_GRID.length), dispersion: NO_DISPERSION, bursts: NO_BURSTS };

/**
 * One evidence window (60 s; 30 s where the canary gets 500 requests a minute or more). Without traffic on both arms nothing changes.
 * A rollout keeps to the guard that it began with.
 */
export function observeHarm(state: Harm, rule: RatioRule, window: Window, guard: Guard = "scatter"): Harm {
  if (!isComparable(window)) return state;
  const dispersion = dispersionNow(state, rule, window.canary.n, guard);
  const bet: Bet = guard === "scatter" ? { dispersion } : { dispersion, weights: BURST_WEIGHTS };
  return {
    guarded: betGuarded(state.guarded, logGains(rule, HARM_GRID, window), bet),
    dispersion: observeDispersion(state.dispersion, window),
    bursts: observeBursts(state.bursts, window),
  };
}

/** What a next window with `canaryN` requests would be tempered by. */
export function dispersionNow(state: Harm, rule: RatioRule, canaryN: number, guard: Guard = "scatter"): number {
  return guard === "scatter" ? dispersionOf(state.dispersion) : burstDispersion(state.bursts, rule, canaryN);
}

/** ln M of the guarded process; a revert at ln(1/alpha) is wrong with probability alpha at most. */
export function logHarm(state: Harm): number {
  return logOfGuarded(state.guarded);
}
