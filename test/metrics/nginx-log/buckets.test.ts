import { expect, test } from "vitest";
import { bucketOf as analysisBucketOf, BUCKET_ENDS_MS } from "../../../src/analysis/latency-buckets.ts";
import { boundMs, bucketOf } from "../../../src/metrics/nginx-log/buckets.ts";

test("a latency is in the bucket whose bound first reaches it, the same that the analysis means", () => {
  for (let ms = 0; ms < 130_000; ms = ms < 3_000 ? ms + 1 : ms + 97) {
    expect(bucketOf(ms)).toBe(analysisBucketOf(ms));
    expect(boundMs(bucketOf(ms))).toBeGreaterThanOrEqual(ms);
  }
  for (const [bucket, end] of BUCKET_ENDS_MS.entries()) expect(bucketOf(end)).toBe(bucket);
});
