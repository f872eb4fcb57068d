// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { PrometheusMetric } from "../../src/core/service.ts";
import { createPrometheus } from "../../src/metrics/prometheus.ts";
import { type Answers, startAnswers } from "../support/answers.ts";
import { filling, prometheusMetric, readOnce, subject } from "../support/numbers.ts";
import { plain } from "../support/pages.ts";
import { NO_PROMETHEUS, type RealPrometheus, startPrometheus } from "../support/prometheus.ts";

/** A version that would break out of every kind of string, and match all as a pattern. */
const VERSION = "a\"b\\c.*'d";
const IN_PAGE = VERSION.replaceAll("\\", "\\\\").replaceAll('"', '\\"');

describe.skipIf(NO_PROMETHEUS !== null)(`a real Prometheus${NO_PROMETHEUS === null ? "" : ` (${NO_PROMETHEUS})`}`, () => {
  let app: Answers;
  let prometheus: RealPrometheus;
  let reads = 0;

  beforeAll(async () => {
    app = await startAnswers((request, response) => {
      reads += 1;
      const text = [
        `requests_total{pool="green"} ${100 * reads}`,
        `errors_total{pool="green"} ${5 * reads}`,
        `requests_total{pool="blue"} 7`,
        `deployed{v="${IN_PAGE}"} 3`,
        'deployed{v="axxxd"} 4',
      ];
      plain(`${text.join("\n")}\n`)(request, response);
    });
    prometheus = await startPrometheus(app.address);
    await vi.waitFor(() => expect(reads).toBeGreaterThan(6), 20_000);
  }, 60_000);

  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await app?.[Symbol.asyncDispose]();
  });

  async function answerTo(query: string, more: Partial<PrometheusMetric> = {}, version: string | null = VERSION) {
    await using source = createPrometheus(filling({ PW: prometheus.password }));
    const { url, ca, user } = prometheus;
    const auth = { by: "basic", user, password: { from: "text", text: "${PW}" } } as const;
    const { is, says } = await readOnce(source, prometheusMetric(url, { query, ca, auth, ...more }), subject({ version }));
    return { is, says };
  }

  test.each(["GET", "POST"] as const)("answers a ratio by %s", async (method) => {
    const query = 'sum(rate(errors_total{pool="{{pool}}"}[{{window}}])) / sum(rate(requests_total{pool="{{pool}}"}[{{window}}]))';
    const { is, says } = await answerTo(query, { method });
    expect([is, says]).toEqual(["number", expect.closeTo(0.05, 6)]);
  });

  test.each([
    ["double quotes", 'sum(deployed{v="{{version}}"})'],
    ["single quotes", "sum(deployed{v='{{version}}'})"],
    ["backticks", "sum(deployed{v=`{{version}}`})"],
    ["a pattern", 'sum(deployed{v=~"{{version}}"})'],
    ["a pattern in single quotes", "sum(deployed{v=~'{{version}}'})"],
    ["a pattern in backticks", "sum(deployed{v=~`{{version}}`})"],
    ["all the others", '7 - sum(deployed{v!~"{{version}}"})'],
  ])("finds the version alone in %s", async (_what, query) => {
    expect(await answerTo(query)).toEqual({ is: "number", says: 3 });
  });

  test.each([
    ["a query of no series", "no_such_metric", "lacking", "the query has no result"],
    ["nothing divided by nothing", "sum(rate(requests_total{pool='blue'}[5s])) / 0 * 0", "lacking", "is NaN"],
    ["a division by nothing", "scalar(requests_total{pool='green'}) / 0", "broken", "is Infinity"],
    ["several series", "requests_total", "broken", "the query has 2 results, wants one"],
    ["a range", "requests_total[5s]", "broken", "answered a matrix, wants one value"],
    ["a text", '"x"', "broken", "answered a string, wants one value"],
    ["a query that is none", "sum(", "broken", "answered 400: "],
  ])("to %s", async (_what, query, is, says) => {
    const answer = await answerTo(query);
    expect(answer.is).toBe(is);
    expect(answer.says).toContain(says);
  });

  test("refuses a wrong password, and it is not told", async () => {
    const password = { from: "text", text: "${WRONG}" } as const;
    await using source = createPrometheus(filling({ WRONG: "hunter2" }));
    const { url, ca, user } = prometheus;
    const { is, says } = await readOnce(source, prometheusMetric(url, { ca, auth: { by: "basic", user, password } }));
    expect([is, says]).toEqual(["broken", `${url} answered 401`]);
  });
});
