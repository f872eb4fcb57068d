import type { RequestListener } from "node:http";
import type { Subject } from "../../src/core/ports.ts";
import type { Measure, ScrapeMetric } from "../../src/core/service.ts";
import { type Answers, startAnswers } from "./answers.ts";

/** The errors among the requests that `counts` writes. */
export const ratio: Measure = { kind: "ratio", of: 'http_requests_total{code=~"5.."}', to: "http_requests_total" };
/** The median of `duration_seconds`. */
export const quantile: Measure = { kind: "quantile", q: 0.5, of: "duration_seconds" };
/** A metric to scrape; its window is 10 s. */
export const metric = (measure: Measure, more: Partial<ScrapeMetric> = {}): ScrapeMetric => {
  return {
    name: "errors",
    source: "scrape",
    path: "/metrics",
    port: null,
    intervalMs: 1000,
    timeoutMs: 2000,
    windowMs: 10_000,
    measure,
    ...more,
  };
};
/** A page of `http_requests_total`; without `bad`, no request failed ever. */
export const counts = (good: number, bad: number | null = null) =>
  `# TYPE http_requests_total counter\nhttp_requests_total{code="200"} ${good}\n${bad === null ? "" : `http_requests_total{code="500"} ${bad}\n`}`;
/** The endpoints of a pool, as a rollout of no named version asks for them. */
export const green = (...endpoints: readonly string[]): Subject => ({ service: "web", pool: "green", version: null, endpoints });
/** Answers a page in the text format. */
export const plain = (text: string): RequestListener => {
  return (_request, response) => response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8").end(text);
};
export const now = (t: number) => ({ t, wall: t });

/** A member whose page the test changes between reads. */
export async function startPage(first: string): Promise<Answers & { say(next: string): void }> {
  let text = first;
  const server = await startAnswers((request, response) => plain(text)(request, response));
  return Object.assign(server, {
    say(next: string) {
      text = next;
    },
  });
}
