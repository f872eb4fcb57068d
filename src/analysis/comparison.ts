import { addCounts, isComparable, NO_COUNTS, type Window } from "./counts.ts";
import { type Guard, type Harm, logHarm, NO_HARM, observeHarm } from "./harm.ts";
import { type Healthy, NOT_YET_HEALTHY, observeHealthy } from "./healthy.ts";
import { NO_OUTAGE, type Outage, observeOutage } from "./outage.ts";
import { NO_RATE_BOUND, observeRateBound, type RateBound } from "./rate-bound.ts";
import type { RatioRule } from "./ratio.ts";

/** What `compare: stable` asks of a ratio of failures. */
export type ComparisonRule = {
  /** What the canary may do: more than this is harm, and reverts. */
  readonly allowed: RatioRule;
  /** What would be harmful: less than this must be shown before an advance. */
  readonly harmful: RatioRule;
  /** How often a release that does no more than what is allowed may be reverted, over a whole rollout. 0 to 1. */
  readonly alpha: number;
  /** The guard against bursts; the default where left out. */
  readonly guard?: Guard;
  /** How often a harmful release may advance, at each step. 0 to 1. */
  readonly beta: number;
};

/**
 * Everything that is kept of a comparison between two windows: plain JSON, so that it survives a store, and a replay from the
 * store gives the same verdicts to the last bit.
 */
export type Comparison = {
  readonly harm: Harm;
  readonly outage: Outage;
  readonly healthy: Healthy;
  readonly rateBound: RateBound;
  /** The most evidence of harm at any time, as ln M: the anytime-valid p-value is its inverse. */
  readonly mostLogHarm: number;
  /** What was compared since the rollout began, and since this step began: in windows, and in scrapes. */
  readonly rollout: Span;
  readonly step: Span;
  readonly scraped: Span;
  /** Sum of x^2 / n of stable over these windows: how much its rate varied with time. */
  readonly stableSquares: number;
  /** The last window, compared or not; null before the first. */
  readonly last: Window | null;
};

/** Windows taken together, and the time (ms) that they cover; 0 where that is not known. */
export type Span = Window & { readonly windows: number; readonly ms: number };

const NOTHING: Span = { canary: NO_COUNTS, stable: NO_COUNTS, windows: 0, ms: 0 };

export const NO_COMPARISON: Comparison = {
  harm: NO_HARM,
  outage: NO_OUTAGE,
  healthy: NOT_YET_HEALTHY,
  rateBound: NO_RATE_BOUND,
  mostLogHarm: 0,
  rollout: NOTHING,
  step: NOTHING,
  scraped: NOTHING,
  stableSquares: 0,
  last: null,
};

/** One evidence window of `ms` milliseconds. A window without traffic on both arms is noted, and changes no evidence. */
export function observeWindow(state: Comparison, rule: ComparisonRule, window: Window, ms: number): Comparison {
  if (!isComparable(window)) return { ...state, last: window };
  const harm = observeHarm(state.harm, rule.allowed, window, rule.guard);
  return {
    harm,
    outage: state.outage,
    healthy: observeHealthy(state.healthy, rule.harmful, window),
    rateBound: observeRateBound(state.rateBound, window),
    mostLogHarm: Math.max(state.mostLogHarm, logHarm(harm)),
    rollout: extended(state.rollout, window, ms),
    step: extended(state.step, window, ms),
    scraped: state.scraped,
    stableSquares: state.stableSquares + window.stable.x ** 2 / window.stable.n,
    last: window,
  };
}

/** One scrape of `ms` milliseconds, for the fast path alone; the same requests come again in their evidence window. */
export function observeScrape(state: Comparison, rule: ComparisonRule, scrape: Window, ms: number): Comparison {
  if (!isComparable(scrape)) return state;
  return { ...state, outage: observeOutage(state.outage, rule.allowed, scrape), scraped: extended(state.scraped, scrape, ms) };
}

/** At the start of a step: evidence of harm is kept, and health has to be shown anew. */
export function beginStep(state: Comparison): Comparison {
  return { ...state, healthy: NOT_YET_HEALTHY, step: NOTHING, scraped: NOTHING, last: null };
}

function extended(span: Span, { canary, stable }: Window, ms: number): Span {
  return {
    canary: addCounts(span.canary, canary),
    stable: addCounts(span.stable, stable),
    windows: span.windows + 1,
    ms: span.ms + ms,
  };
}
