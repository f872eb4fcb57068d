import { type Counts, isComparable, type Window } from "./counts.ts";
import { betGuarded, type Guarded, logOfGuarded, NO_CAP, startGuarded } from "./guarded.ts";
import { HARM_GRID, logGains, type RatioRule } from "./ratio.ts";

/**
 * The fast path: a real outage reverts within the first scrapes, without waiting for an evidence window.
 *
 * RatioE with one window a scrape and the threshold 1e9, which adds at most 1e-9 to alpha (a partition of the time that is fixed in
 * advance keeps it valid). It fires only while at least a fifth of the latest 20 canary requests fail: without that, very
 * bursty services (coefficient of variation 1) were aborted in 10 % of the healthy runs.
 *
 * Neither cap nor tempering, but the restarts of the guarded process: half of the wealth is a plain product from the first scrape on, and the
 * rest keeps it quick after hours of health. A plain product alone falls with each failure of stable, so that after an hour at 1 % of
 * 1 000 requests a minute an outage would have to fail some 250 requests first; with the restarts it stays at the 20.
 */
export type Outage = {
  readonly evidence: Guarded;
  /** The canary in the latest scrapes that together hold at least `LATEST` requests, oldest first. */
  readonly latest: readonly Counts[];
};

/** ln of the evidence that it takes. */
export const LOG_OUTAGE = Math.log(1e9);
const LATEST = 20;
const FAILING = 0.2;

export const NO_OUTAGE: Outage = { evidence: startGuarded(HARM_GRID.length), latest: [] };

/** One scrape, however short. */
export function observeOutage(state: Outage, rule: RatioRule, scrape: Window): Outage {
  if (!isComparable(scrape)) return state;
  return {
    evidence: betGuarded(state.evidence, logGains(rule, HARM_GRID, scrape), { dispersion: 1, logCap: NO_CAP }),
    latest: latestOf([...state.latest, scrape.canary]),
  };
}

/** True where the canary is plainly down: revert now. */
export function isOutage(state: Outage): boolean {
  return mostlyFail(state.latest) && logOfOutage(state) >= LOG_OUTAGE;
}

/** ln of the evidence of the fast path. */
export function logOfOutage({ evidence }: Outage): number {
  return logOfGuarded(evidence);
}

/** Whether there are enough of the latest requests, and enough of them fail. */
export function mostlyFail(latest: readonly Counts[]): boolean {
  const requests = sum(latest, "n");
  return requests >= LATEST && sum(latest, "x") >= FAILING * requests;
}

/** The shortest run of scrapes up to the last that holds enough requests; all of them where there are too few. */
export function latestOf(scrapes: readonly Counts[]): readonly Counts[] {
  let requests = 0;
  for (let index = scrapes.length - 1; index >= 0; index -= 1) {
    requests += scrapes[index]?.n ?? 0;
    if (requests >= LATEST) return scrapes.slice(index);
  }
  return scrapes;
}

function sum(scrapes: readonly Counts[], of: keyof Counts): number {
  return scrapes.reduce((total, counts) => total + counts[of], 0);
}
