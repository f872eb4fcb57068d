import type { Ms } from "../../core/units.ts";

/** Each bound is 5 % above the one before: 1.05^k ms, from 1 ms (k = 0) to the first that reaches 60 s. */
const WIDTH = 1.05;
/** The bucket of everything above the last bound. */
const OVERFLOW = Math.ceil(Math.log(60_000) / Math.log(WIDTH)) + 1;

/** The bucket of a latency: the first whose upper bound reaches it. `ms` may be a fraction. */
export function bucketOf(ms: Ms): number {
  if (ms <= 1) return 0;
  // A logarithm may be off by a hair where the latency is a bound, which the bounds themselves put right.
  let bucket = Math.min(OVERFLOW, Math.ceil(Math.log(ms) / Math.log(WIDTH)));
  while (bucket > 0 && ms <= boundMs(bucket - 1)) bucket -= 1;
  while (ms > boundMs(bucket)) bucket += 1;
  return bucket;
}

/** The upper bound of a bucket; infinite for the last. */
export function boundMs(bucket: number): Ms {
  return bucket >= OVERFLOW ? Number.POSITIVE_INFINITY : WIDTH ** bucket;
}
