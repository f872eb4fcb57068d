import type { MetricSource } from "../core/ports.ts";
import type { HttpMetric } from "../core/service.ts";
import type { Fill } from "../secrets/confidence.ts";
import { fetchJson, parseUrl, placeOf } from "./fetched-number.ts";
import { numberOf } from "./number.ts";
import { kindOf, parsePick, pickFrom } from "./pick.ts";
import { fillIn } from "./placeholders.ts";
import { type Answer, type Asking, answerOf, readyNumbers } from "./ready-number.ts";

/** Picks a number from a JSON answer. */
export function createHttp(fill: Fill): MetricSource<HttpMetric> & AsyncDisposable {
  return readyNumbers(read, fill);
}

async function read(metric: HttpMetric, asking: Asking): Promise<Answer> {
  const parsed = parsePick(metric.pick);
  if (!parsed.ok) return { is: "broken", why: `${metric.pick} is no path into a JSON answer: ${parsed.message}` };
  const url = parseUrl(fillIn(asking.confidence.text(metric.url), asking.values, encodeURIComponent));
  const answered = await fetchJson(metric, { url, method: "GET", body: null, timeoutMs: metric.timeoutMs }, asking);
  const place = placeOf(metric.url);
  if (!answered.ok) return { is: "broken", why: `${place} ${answered.reason}` };
  if (answered.status < 200 || answered.status > 299)
    return { is: "broken", why: `${place} answered ${answered.status}, wants 200` };
  const picked = pickFrom(answered.json, parsed.pick);
  if (!picked.ok) return { is: "broken", why: `${place}: ${picked.message}` };
  return numberIn(picked.value, `${metric.pick} of ${place}`);
}

function numberIn(value: unknown, what: string): Answer {
  if (value === null) return { is: "lacking", why: `${what} is null: there is no number yet` };
  if (typeof value === "number") return answerOf(value, what);
  // Many write numbers as texts, Prometheus among them.
  if (typeof value === "string") return answerOf(numberOf(value), what);
  return { is: "broken", why: `${what} is ${kindOf(value)}, not a number` };
}
