/** A cumulative bucket: `count` observations were at most `le`. */
export type Bucket = { readonly le: number; readonly count: number };

/** A quantile, and whether it lies above the highest finite bound, so that only that bound is known. */
export type Quantile = { readonly value: number; readonly clipped: boolean };

/** Prometheus takes a smaller relative difference between two counts for rounding. */
const ROUNDING = 1e-12;

/**
 * Prometheus' `histogram_quantile` on classic buckets, given increases, not lifetime totals.
 *
 * NaN where there is nothing to rank: no observations, fewer than two buckets, or no `+Inf` bucket. The source of the rules is
 * `bucketQuantile` in Prometheus' promql/quantile.go.
 *
 * @param q 0 to 1; below that the result is -Infinity, above it +Infinity.
 */
export function quantileOf(q: number, buckets: readonly Bucket[]): Quantile {
  if (Number.isNaN(q)) return plain(Number.NaN);
  if (q < 0) return plain(-Infinity);
  if (q > 1) return plain(Infinity);
  const merged = monotone(merge(buckets));
  const last = merged.at(-1);
  const second = merged.at(-2);
  if (last === undefined || second === undefined || last.le !== Infinity || !(last.count > 0)) return plain(Number.NaN);
  const rank = q * last.count;
  const index = merged.findIndex((bucket) => bucket.count >= rank);
  const found = merged[index];
  if (found === undefined || found.le === Infinity) return { value: second.le, clipped: true };
  const before = merged[index - 1];
  if (before === undefined && found.le <= 0) return plain(found.le);
  const low = before ?? { le: 0, count: 0 };
  return plain(low.le + (found.le - low.le) * ((rank - low.count) / (found.count - low.count)));
}

function plain(value: number): Quantile {
  return { value, clipped: false };
}

/** Sorted by bound; bounds that are the same number (`0.2` and `2e-1`) become one bucket. */
function merge(buckets: readonly Bucket[]): readonly Bucket[] {
  const counts = new Map<number, number>();
  for (const { le, count } of buckets) counts.set(le, (counts.get(le) ?? 0) + count);
  return [...counts].map(([le, count]) => ({ le, count })).sort((a, b) => (a.le < b.le ? -1 : 1));
}

/** Counts never fall: a lower one, or one that differs only by rounding, becomes the one before it. */
function monotone(buckets: readonly Bucket[]): readonly Bucket[] {
  let highest = 0;
  return buckets.map(({ le, count }, index) => {
    const near = index > 0 && Math.abs(count - highest) < ROUNDING * Math.max(Math.abs(count), Math.abs(highest));
    if (index === 0 || (count > highest && !near)) highest = count;
    return { le, count: highest };
  });
}
