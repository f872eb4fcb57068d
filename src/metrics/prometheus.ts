import type { MetricSource } from "../core/ports.ts";
import type { PrometheusMetric } from "../core/service.ts";
import type { Fill } from "../secrets/confidence.ts";
import { fetchJson, parseUrl, placeOf } from "./fetched-number.ts";
import { numberOf } from "./number.ts";
import { fillQuery } from "./promql.ts";
import { type Answer, type Asking, answerOf, readyNumbers } from "./ready-number.ts";

/** Asks Prometheus, or what answers like it, for the value of a query now. */
export function createPrometheus(fill: Fill): MetricSource<PrometheusMetric> & AsyncDisposable {
  return readyNumbers(read, fill);
}

async function read(metric: PrometheusMetric, asking: Asking): Promise<Answer> {
  const { confidence, values } = asking;
  const base = parseUrl(confidence.text(metric.url));
  const url = new URL(`${base.pathname.replace(/\/+$/, "")}/api/v1/query`, base.origin);
  const form = new URLSearchParams({
    query: fillQuery(confidence.text(metric.query), values),
    timeout: `${metric.timeoutMs}ms`,
    // A gauge that was last written before the window says nothing of it; servers that do not know this leave it out.
    lookback_delta: `${metric.windowMs}ms`,
  });
  const post = metric.method === "POST";
  if (!post) url.search = form.toString();
  const answered = await fetchJson(
    metric,
    {
      url,
      method: metric.method,
      body: post ? form.toString() : null,
      headers: post ? { "content-type": "application/x-www-form-urlencoded" } : {},
      timeoutMs: metric.timeoutMs,
    },
    asking,
  );
  const place = placeOf(metric.url);
  if (!answered.ok) return { is: "broken", why: `${place} ${answered.reason}` };
  const { status, json } = answered;
  if (status < 200 || status > 299) return { is: "broken", why: `${place} answered ${status}${errorText(json)}` };
  return answerIn(json, place);
}

function errorText(json: unknown): string {
  const error = fieldOf(json, "error");
  return typeof error === "string" ? `: ${error}` : "";
}

/** The one value of an answer of the query API (https://prometheus.io/docs/prometheus/latest/querying/api/). */
function answerIn(json: unknown, place: string): Answer {
  const data = fieldOf(json, "data");
  const result = fieldOf(data, "result");
  if (fieldOf(json, "status") !== "success") return { is: "broken", why: `${place} answered no success${errorText(json)}` };
  const warning = warningIn(json);
  if (warning !== null) return { is: "broken", why: `${place} warns, so the value may be of a part only: ${warning}` };
  const type = fieldOf(data, "resultType");
  if (type === "scalar") return sampleOf(result, place);
  if (type !== "vector" || !Array.isArray(result))
    return {
      is: "broken",
      why: `${place} answered ${typeof type === "string" ? `a ${type}` : "something else"}, wants one value`,
    };
  if (result.length === 0) return { is: "lacking", why: "the query has no result" };
  if (result.length > 1)
    return {
      is: "broken",
      why: `the query has ${result.length} results, wants one: put sum( ) or another aggregation around it`,
    };
  const [only] = result as unknown[];
  if (fieldOf(only, "value") === undefined && fieldOf(only, "histogram") !== undefined)
    return { is: "broken", why: "the query has a histogram as its result, wants a number: use histogram_quantile( )" };
  return sampleOf(fieldOf(only, "value"), place);
}

/** `[time, "value"]`. */
function sampleOf(pair: unknown, place: string): Answer {
  const text: unknown = Array.isArray(pair) && pair.length === 2 ? pair[1] : undefined;
  if (typeof text !== "string") return { is: "broken", why: `${place} answered a result without a value` };
  return answerOf(numberOf(text), "the result of the query");
}

/** Partial answers come with warnings; what Prometheus calls an info is advice on how to write the query. */
function warningIn(json: unknown): string | null {
  const warnings = fieldOf(json, "warnings");
  if (!Array.isArray(warnings)) return null;
  return warnings.map(String).find((one) => !one.startsWith("PromQL info")) ?? null;
}

function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
