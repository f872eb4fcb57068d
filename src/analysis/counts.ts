/**
 * What one arm did in one window: `x` events (failures, slow requests, restarts) on an exposure of `n`.
 *
 * The exposure is a number of requests where events belong to requests. For counters that do not (restarts, exceptions,
 * collections of garbage) it is instance-seconds, and then may be a fraction and less than `x`: for Poisson counts the tests
 * hold exactly (analysis of counters and exposures, section 3).
 */
export type Counts = { readonly n: number; readonly x: number };

/** Both arms over the same stretch of time, as increases that restarts of counters have been taken out of. */
export type Window = { readonly canary: Counts; readonly stable: Counts };

export const NO_COUNTS: Counts = { n: 0, x: 0 };

export function addCounts(a: Counts, b: Counts): Counts {
  return { n: a.n + b.n, x: a.x + b.x };
}

/** Only a window with traffic on both arms compares anything; on any other, every test stays as it is. */
export function isComparable({ canary, stable }: Window): boolean {
  return canary.n > 0 && stable.n > 0;
}
