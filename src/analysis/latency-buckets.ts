/**
 * A histogram of latencies in logarithmic buckets, each 5 % wider than the one before: counts by bucket, trailing zeros left out.
 *
 * Bucket k ends at 1.05^k ms, bucket 0 at 1 ms, and the last bound is the first of 60 s or more; a bucket after it holds what took longer.
 * A latency belongs to the first bucket whose end reaches it.
 */
export type LatencyCounts = readonly number[];

const WIDTH = 1.05;
const LONGEST_MS = 60_000;

/** The upper ends in ms: 1, 1.05, 1.1025, … 61 487. */
export const BUCKET_ENDS_MS: readonly number[] = Array.from(
  { length: Math.ceil(Math.log(LONGEST_MS) / Math.log(WIDTH)) + 1 },
  (_, index) => WIDTH ** index,
);

/** The bucket of a latency (ms, 0 or more). */
export function bucketOf(latencyMs: number): number {
  if (latencyMs <= 1) return 0;
  // The logarithm may be off by the last bit, which the bounds themselves correct.
  let index = Math.min(BUCKET_ENDS_MS.length, Math.ceil(Math.log(latencyMs) / Math.log(WIDTH)));
  while (index > 0 && latencyMs <= (BUCKET_ENDS_MS[index - 1] ?? Number.POSITIVE_INFINITY)) index -= 1;
  while (index < BUCKET_ENDS_MS.length && latencyMs > (BUCKET_ENDS_MS[index] ?? Number.POSITIVE_INFINITY)) index += 1;
  return index;
}

/** Counts latencies (ms) by bucket; the canary's are first divided by 1 + margin. */
export function bucketed(latenciesMs: readonly number[], margin = 0): LatencyCounts {
  const counts: number[] = [];
  for (const latencyMs of latenciesMs) {
    const bucket = bucketOf(latencyMs / (1 + margin));
    while (counts.length <= bucket) counts.push(0);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
}

export function addLatencies(a: LatencyCounts, b: LatencyCounts): LatencyCounts {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  return long.map((count, bucket) => count + (short[bucket] ?? 0));
}

export function totalOf(counts: LatencyCounts): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

/** How many took longer than the end of a bucket. */
export function slowerThan(counts: LatencyCounts, bucket: number): number {
  let slower = 0;
  for (let index = bucket + 1; index < counts.length; index += 1) slower += counts[index] ?? 0;
  return slower;
}

/** The bucket in which the cumulative count reaches the part q of the total; -1 where there is nothing. */
export function quantileBucket(counts: LatencyCounts, q: number): number {
  const wanted = q * totalOf(counts);
  let reached = 0;
  for (const [bucket, count] of counts.entries()) {
    reached += count;
    if (reached > 0 && reached >= wanted) return bucket;
  }
  return counts.length - 1;
}

/** The end of a bucket in ms; infinite for the one after the last bound. */
export function bucketEndMs(bucket: number): number {
  return BUCKET_ENDS_MS[bucket] ?? Number.POSITIVE_INFINITY;
}
