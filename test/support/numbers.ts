import type { RequestListener } from "node:http";
import { fill } from "../../src/config/env.ts";
import type { Evidence, MetricSource, Subject } from "../../src/core/ports.ts";
import type { CommandMetric, HttpMetric, Metric, PrometheusMetric } from "../../src/core/service.ts";

/** Fills variables in from this environment, and from no other. */
export const filling = (env: Readonly<Record<string, string>>) => (text: string) => fill(text, env);

const read = { name: "orders", intervalMs: 1_000, timeoutMs: 2_000, windowMs: 10_000, unit: "ratio" as const };
const fetched = { auth: null, headers: {}, ca: null };

export function prometheusMetric(url: string, more: Partial<PrometheusMetric> = {}): PrometheusMetric {
  return { ...read, ...fetched, source: "prometheus", url, query: "up", method: "GET", ...more };
}

export function httpMetric(url: string, more: Partial<HttpMetric> = {}): HttpMetric {
  return { ...read, ...fetched, source: "http", url, pick: "rate", ...more };
}

export function commandMetric(command: readonly string[], more: Partial<CommandMetric> = {}): CommandMetric {
  return { ...read, source: "command", command, env: {}, ...more };
}

export const subject = (more: Partial<Subject> = {}): Subject => ({
  service: "web",
  pool: "green",
  version: "v2",
  endpoints: [],
  ...more,
});

/** What one reading at 60 s says, in one word and one value or text. */
export async function readOnce<M extends Metric>(source: MetricSource<M>, metric: M, of: Subject = subject()) {
  const evidence = await source.sample(metric, of, null, { t: 60_000, wall: 0 });
  return { ...told(evidence), evidence };
}

function told({ slices, problem, lacking }: Evidence) {
  if (problem !== null) return { is: "broken", says: problem };
  return lacking === null ? { is: "number", says: slices[0]?.counts.value } : { is: "lacking", says: lacking };
}

/** Answers JSON. */
export const json = (value: unknown, status = 200): RequestListener => {
  return (_request, response) =>
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(typeof value === "string" ? value : JSON.stringify(value));
};

/** An answer of Prometheus' query API with these values. */
export const vector = (...values: readonly string[]) => ({
  status: "success",
  data: {
    resultType: "vector",
    result: values.map((value, at) => ({ metric: { at: String(at) }, value: [1_700_000_000.123, value] })),
  },
});
