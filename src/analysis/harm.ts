import { isComparable, type Window } from "./counts.ts";
import { type Dispersion, dispersionOf, NO_DISPERSION, observeDispersion } from "./dispersion.ts";
import { betGuarded, type Guarded, logOfGuarded, startGuarded } from "./guarded.ts";
import { HARM_GRID, logGains, type RatioRule } from "./ratio.ts";

/** RatioE with its guards: what a revert is decided by. Kept across the steps of a rollout. */
export type Harm = { readonly guarded: Guarded; readonly dispersion: Dispersion };

export const NO_HARM: Harm = { guarded: startGuarded(HARM_GRID.length), dispersion: NO_DISPERSION };

/** One evidence window (60 s; 30 s where the canary gets 500 requests a minute or more). Without traffic on both arms nothing changes. */
export function observeHarm(state: Harm, rule: RatioRule, window: Window): Harm {
  if (!isComparable(window)) return state;
  return {
    guarded: betGuarded(state.guarded, logGains(rule, HARM_GRID, window), dispersionOf(state.dispersion)),
    dispersion: observeDispersion(state.dispersion, window),
  };
}

/** ln M of the guarded process; a revert at ln(1/alpha) is wrong with probability alpha at most. */
export function logHarm(state: Harm): number {
  return logOfGuarded(state.guarded);
}
