import type { Evidence, MetricSource } from "../core/ports.ts";
import type { Metric } from "../core/service.ts";

/** A source that this process has no reader for: its metrics are an error that says so, and so hold. */
export function unread<M extends Metric>(): MetricSource<M> {
  return {
    async sample(metric): Promise<Evidence> {
      const problem = `this Sluice cannot read metrics of the source ${metric.source}`;
      return { metric: metric.name, last: {}, slices: [], problem, lacking: null };
    },
    measure(_metric, { problem, lacking }) {
      return { value: null, samples: null, from: null, to: null, problem, lacking };
    },
  };
}
