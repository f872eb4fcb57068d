import { type Counts, isComparable, type Window } from "./counts.ts";
import { betPlain, HARM_GRID, logGains, logOfPlain, type Plain, type RatioRule, startPlain } from "./ratio.ts";

/**
 * The fast path: a real outage reverts within the first scrapes, without waiting for an evidence window.
 *
 * A plain RatioE with one window a scrape and the threshold 1e9, which adds at most 1e-9 to alpha (a partition of the time that is fixed in
 * advance keeps it valid). It fires only while at least a fifth of the latest 20 canary requests fail: without that, very
 * bursty services (coefficient of variation 1) were aborted in 10 % of the healthy runs.
 */
export type Outage = {
  readonly plain: Plain;
  /** The canary in the latest scrapes that together hold at least `LATEST` requests, oldest first. */
  readonly latest: readonly Counts[];
};

const LOG_THRESHOLD = Math.log(1e9);
const LATEST = 20;
const FAILING = 0.2;

export const NO_OUTAGE: Outage = { plain: startPlain(HARM_GRID.length), latest: [] };

/** One scrape, however short. */
export function observeOutage(state: Outage, rule: RatioRule, scrape: Window): Outage {
  if (!isComparable(scrape)) return state;
  return {
    plain: betPlain(state.plain, logGains(rule, HARM_GRID, scrape)),
    latest: newest([...state.latest, scrape.canary]),
  };
}

/** True where the canary is plainly down: revert now. */
export function isOutage({ plain, latest }: Outage): boolean {
  const requests = sum(latest, "n");
  if (requests < LATEST || sum(latest, "x") < FAILING * requests) return false;
  return logOutage(plain) >= LOG_THRESHOLD;
}

/** ln of the fast path's evidence. */
export function logOutage(plain: Plain): number {
  return logOfPlain(plain) ?? Number.NEGATIVE_INFINITY;
}

/** The shortest run of scrapes up to the last that holds enough requests; all of them where there are too few. */
function newest(scrapes: readonly Counts[]): readonly Counts[] {
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
