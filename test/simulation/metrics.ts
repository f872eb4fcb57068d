import type { CountingSource, Evidence, Slice } from "../../src/core/ports.ts";
import type { PoolName } from "../../src/core/units.ts";
import { armsWithin } from "../../src/metrics/arms.ts";

/** A metrics page with a hundred requests between two reads, of which `ratio(pool)` failed; it cannot be read unless `readable(pool)`. */
export function simulatedMetrics(
  ratio: (pool: PoolName) => number,
  readable: (pool: PoolName) => boolean,
  requests: (pool: PoolName) => number = () => 100,
): CountingSource {
  return {
    sample: async (metric, { pool }, before, now): Promise<Evidence> => {
      const last = before?.last.all?.t;
      const to = requests(pool);
      const counts = { of: Math.round(to * ratio(pool)), to };
      const slice: readonly Slice[] = last === undefined ? [] : [{ from: last, to: now.t, counts }];
      const slices = [...(before?.slices ?? []), ...slice].filter((one) => one.to > now.t - 300_000);
      const problem = readable(pool) ? null : "the page answered 500";
      return { lacking: null, metric: metric.name, last: { all: { t: now.t, started: null, series: {} } }, slices, problem };
    },
    arms: (_metric, both, from) => armsWithin("ratio", both, from),
    measure: (metric, evidence, from, to) => {
      const inside = evidence.slices.filter((slice) => slice.from >= Math.max(from, to - metric.windowMs) && slice.to <= to);
      const sum = (name: string) => inside.reduce((total, slice) => total + (slice.counts[name] ?? 0), 0);
      const samples = sum("to");
      const value = samples === 0 ? null : sum("of") / samples;
      return {
        value,
        samples,
        from: inside[0]?.from ?? null,
        to: inside.at(-1)?.to ?? null,
        problem: evidence.problem,
        lacking: null,
      };
    },
  };
}
