import { z } from "zod";

/** The wire shape of `core/traffic.ts`, which a test proves. */

const Counts = z.array(z.number()).readonly();
const Quantile = z.array(z.number().nullable()).readonly();

export const PoolSeries = z
  .object({
    requests: Counts.describe("Requests that were sent to the pool first, scaled up where only a part is written down."),
    failed: Counts.describe("Those of them whose first try failed."),
    p50Ms: Quantile.describe("Of first tries that succeeded; null where none did."),
    p95Ms: Quantile,
    p99Ms: Quantile,
  })
  .readonly()
  .meta({ id: "PoolSeries", description: "One entry for each point." });

export const TrafficView = z
  .object({
    series: z
      .object({
        from: z.string().describe("When the first point begins."),
        everyMs: z.number().describe("How long a point is."),
        points: z.number().int(),
        pools: z.record(z.string(), PoolSeries).readonly().describe("Pools without a request are left out."),
        sample: z.number().describe("The part of the requests that is written down, in basis points."),
      })
      .readonly()
      .nullable()
      .describe("Null where nothing counts the requests of the service."),
  })
  .readonly()
  .meta({ id: "Traffic", description: "What each pool did over the last minutes, point after point, as nginx wrote it down." });

export const TrafficQuery = z.object({
  everyMs: z.coerce
    .number()
    .pipe(z.union([z.literal(1_000), z.literal(10_000)]))
    .default(1_000)
    .describe("How long a point is; of each length, the newest 180 are kept."),
  from: z.iso.datetime().optional().describe("Only points that begin then or later."),
});
