import type { ComparisonRule } from "./comparison.ts";
import { betGuarded, logOfGuarded, startGuarded } from "./guarded.ts";
import { NOT_YET_HEALTHY } from "./healthy.ts";
import { isOutage, NO_OUTAGE, observeOutage } from "./outage.ts";
import { requestsUntilHealthy } from "./outlook.ts";
import { HARM_GRID, logGains, type RatioRule } from "./ratio.ts";

/** What is expected of a step: how many requests a second each arm gets, and which part of stable's fail. */
export type Traffic = { readonly canaryPerS: number; readonly stablePerS: number; readonly stableRate: number };

/**
 * Canary requests until a plain RatioE at rho0 = 1 is expected to show a failure rate, at a small share of the traffic:
 *
 *     n ~ (ln(1/alpha) + ln 8) / (p_s (rho ln rho - rho + 1)),  rho = p_c / p_s
 *
 * The divisor is the information of one request (Kullback-Leibler for Poisson counts), ln 8 the price of the grid. Simulated:
 * 0.1 to 0.2 % 16.2k (17.3k by the formula), 0.1 to 1 % 514 (476), 1 to 2 % 1.7k (1.7k).
 */
export function requestsToShow(stableRate: number, canaryRate: number, alpha: number): number {
  const rho = canaryRate / stableRate;
  if (!(rho > 1)) return Number.POSITIVE_INFINITY;
  return (Math.log(1 / alpha) + Math.log(HARM_GRID.length)) / (stableRate * (rho * Math.log(rho) - rho + 1));
}

/**
 * The smallest failure rate of the canary that a step is expected to revert within `ms`, with evidence windows of `windowMs`; null where only the
 * fast path (an outage) would be quick enough.
 *
 * Found by running the guarded process on what is expected of each window, with the dispersion that independent failures have on
 * average. About half of the releases that are just this bad are caught in the time.
 */
export function smallestDetectable(rule: ComparisonRule, traffic: Traffic, ms: number, windowMs: number): number | null {
  const windows = Math.floor(ms / windowMs);
  const isDetected = (rate: number) => detects(rule, traffic, rate, windows, windowMs / 1000);
  return windows === 0 ? null : smallestRate(isDetected);
}

/** The smallest rate above 0, to a part in ten thousand, that is detected where every larger one is, too; null where not even 1 is. */
export function smallestRate(isDetected: (rate: number) => boolean): number | null {
  if (!isDetected(1)) return null;
  let missed = 0;
  let found = 1;
  while (found - missed > found * 1e-4) {
    const middle = (missed + found) / 2;
    if (isDetected(middle)) found = middle;
    else missed = middle;
  }
  return found;
}

/** Canary requests until health is expected to be shown, where the canary is as good as stable; null where it never is. */
export function requestsToAdvance(rule: ComparisonRule, traffic: Traffic): number | null {
  const { canaryPerS, stablePerS, stableRate } = traffic;
  return requestsUntilHealthy(NOT_YET_HEALTHY, rule, {
    canary: { n: canaryPerS, x: canaryPerS * stableRate },
    stable: { n: stablePerS, x: stablePerS * stableRate },
  });
}

/**
 * The most requests that a canary which fails all of them costs: until the fast path has seen enough, and then until the
 * revert has reached nginx (`reactMs`). The outage is taken to begin just after a scrape. Null where comparing never shows it, as
 * at 100 %: there a fixed bound has to.
 */
export function mostLost(rule: RatioRule, traffic: Traffic, scrapeMs: number, reactMs: number): number | null {
  const seconds = scrapeMs / 1000;
  const { canaryPerS, stablePerS, stableRate } = traffic;
  const n = canaryPerS * seconds;
  const scrape = { canary: { n, x: n }, stable: { n: stablePerS * seconds, x: stablePerS * seconds * stableRate } };
  let state = NO_OUTAGE;
  for (let scrapes = 1; scrapes <= MOST_SCRAPES; scrapes += 1) {
    state = observeOutage(state, rule, scrape);
    if (isOutage(state)) return Math.ceil(canaryPerS * (scrapes * seconds + reactMs / 1000));
  }
  return null;
}

/** More than an hour of the slowest scrapes: whatever is not seen by then is not seen. */
const MOST_SCRAPES = 1_000;

function detects(rule: ComparisonRule, traffic: Traffic, rate: number, windows: number, seconds: number): boolean {
  const canary = traffic.canaryPerS * seconds;
  const stable = traffic.stablePerS * seconds;
  if (canary === 0 || stable === 0) return false;
  const expected = { canary: { n: canary, x: canary * rate }, stable: { n: stable, x: stable * traffic.stableRate } };
  const gains = logGains(rule.allowed, HARM_GRID, expected);
  let state = startGuarded(HARM_GRID.length);
  for (let window = 1; window <= windows; window += 1) {
    state = betGuarded(state, gains, { dispersion: usualDispersion(window) });
    if (logOfGuarded(state) >= Math.log(1 / rule.alpha)) return true;
  }
  return false;
}

/** What dispersion.ts says before a window where each pair's chi-square is 1, as it is on average for independent failures. */
function usualDispersion(window: number): number {
  if (window === 1) return 1;
  const pairs = window - 2;
  return Math.max(1, (4.5 + pairs) / (3 + pairs));
}
