import type { Arms, Both, CountingSource, Evidence, Measurement, MetricSource, Subject } from "../core/ports.ts";
import type { CommandMetric, HttpMetric, Metric, NginxMetric, PrometheusMetric, ScrapeMetric } from "../core/service.ts";
import { type Ms, type Now, never } from "../core/units.ts";

/** One source for each kind of metric. */
export type Sources = {
  readonly scrape: CountingSource<ScrapeMetric>;
  readonly nginx: CountingSource<NginxMetric>;
  readonly prometheus: MetricSource<PrometheusMetric>;
  readonly http: MetricSource<HttpMetric>;
  readonly command: MetricSource<CommandMetric>;
};

type Use<T> = <M extends Metric>(source: MetricSource<M>, metric: M) => T;

/** Gives each metric to the source that it names. */
export function createSources(sources: Sources): CountingSource {
  return {
    sample(metric: Metric, subject: Subject, before: Evidence | null, now: Now): Promise<Evidence> {
      return choose(sources, metric, (source, one) => source.sample(one, subject, before, now));
    },
    measure(metric: Metric, evidence: Evidence, from: Ms, to: Ms): Measurement {
      return choose(sources, metric, (source, one) => source.measure(one, evidence, from, to));
    },
    hurry(metric: Metric, subject: Pick<Subject, "service" | "pool">, soon: () => void): () => void {
      return (metric.source === "nginx" ? sources.nginx.hurry?.(metric, subject, soon) : null) ?? (() => {});
    },
    arms(metric: Metric, both: Both, from: Ms, margin: number): Arms | null {
      switch (metric.source) {
        case "scrape":
          return sources.scrape.arms(metric, both, from, margin);
        case "nginx":
          return sources.nginx.arms(metric, both, from, margin);
        // These answer numbers that come ready: nobody knows how many requests they stand for.
        case "prometheus":
        case "http":
        case "command":
          return null;
        default:
          return never(metric);
      }
    },
  };
}

function choose<T>(sources: Sources, metric: Metric, use: Use<T>): T {
  switch (metric.source) {
    case "scrape":
      return use(sources.scrape, metric);
    case "nginx":
      return use(sources.nginx, metric);
    case "prometheus":
      return use(sources.prometheus, metric);
    case "http":
      return use(sources.http, metric);
    case "command":
      return use(sources.command, metric);
    default:
      return never(metric);
  }
}
