// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import type { IncomingMessage, RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import type { PrometheusMetric } from "../../src/core/service.ts";
import { createPrometheus } from "../../src/metrics/prometheus.ts";
import { startAnswers } from "../support/answers.ts";
import { filling, json, prometheusMetric, readOnce, subject, vector } from "../support/numbers.ts";

/** One reading of a server that answers so. */
async function answered(answer: RequestListener, more: Partial<PrometheusMetric> = {}, env: Record<string, string> = {}) {
  await using server = await startAnswers(answer);
  await using source = createPrometheus(filling({ ADDRESS: server.address, ...env }));
  return await readOnce(source, prometheusMetric("http://${ADDRESS}", more));
}

/** What the server was asked. */
async function asked(more: Partial<PrometheusMetric>, env: Record<string, string> = {}, version: string | null = "v2") {
  let request: IncomingMessage | null = null;
  let body = "";
  await using server = await startAnswers((incoming, response) => {
    request = incoming;
    incoming.on("data", (chunk) => (body += String(chunk)));
    incoming.on("end", () => json(vector("1"))(incoming, response as never));
  });
  await using source = createPrometheus(filling({ ADDRESS: server.address, ...env }));
  const reading = await readOnce(source, prometheusMetric(`http://${server.address}`, more), subject({ version }));
  const { method = "", url = "", headers = {} } = (request ?? {}) as Partial<IncomingMessage>;
  const at = new URL(url, "http://x");
  return { reading, method, path: at.pathname, query: at.searchParams, body: new URLSearchParams(body), headers };
}

describe("asking Prometheus", () => {
  test("a query is asked by GET, with all that stands for something filled in", async () => {
    const { path, query, method } = await asked({
      query: 'sum(rate(x{s="{{service}}",p="{{pool}}",v="{{version}}"}[{{window}}]))',
    });
    expect([method, path]).toEqual(["GET", "/api/v1/query"]);
    expect(query.get("query")).toBe('sum(rate(x{s="web",p="green",v="v2"}[10s]))');
    expect(query.get("timeout")).toBe("2000ms");
    expect(query.get("lookback_delta")).toBe("10000ms");
  });

  test("or by POST, below the path that the address has", async () => {
    const seen = await asked({ method: "POST", query: "up" });
    expect([seen.method, seen.path, seen.body.get("query"), seen.query.size]).toEqual(["POST", "/api/v1/query", "up", 0]);
  });

  test("credentials and headers come from the environment", async () => {
    const bearer = await asked({ auth: { by: "bearer", token: { from: "text", text: "${TOKEN}" } } }, { TOKEN: "s3cr3t" });
    expect(bearer.headers.authorization).toBe("Bearer s3cr3t");
    const password = { from: "text", text: "${PW}" } as const;
    const basic = await asked({ auth: { by: "basic", user: "sluice", password } }, { PW: "päss" });
    expect(basic.headers.authorization).toBe(`Basic ${Buffer.from("sluice:päss").toString("base64")}`);
    const header = await asked({ headers: { "X-Api-Key": { from: "text", text: "key ${KEY}" } } }, { KEY: "k1" });
    expect(header.headers["x-api-key"]).toBe("key k1");
  });

  test("without a version, a query that needs one is not asked", async () => {
    const { reading, method } = await asked({ query: 'up{v="{{version}}"}' }, {}, null);
    expect(method).toBe("");
    expect(reading).toMatchObject({ is: "broken", says: expect.stringContaining("this rollout has no version") });
  });
});

describe("the answer", () => {
  test("of one value is a number that covers the window", async () => {
    const { is, says, evidence } = await answered(json(vector("0.025")));
    expect([is, says]).toEqual(["number", 0.025]);
    expect(evidence.slices).toEqual([{ from: 50_000, to: 60_000, counts: { value: 0.025 } }]);
  });

  test("of a scalar is one too", async () => {
    const scalar = { status: "success", data: { resultType: "scalar", result: [1, "1e-3"] } };
    expect(await answered(json(scalar))).toMatchObject({ is: "number", says: 0.001 });
  });

  test.each<[string, RequestListener, string, string]>([
    ["of nothing", json(vector()), "lacking", "the query has no result"],
    ["NaN", json(vector("NaN")), "lacking", "the result of the query is NaN: there is nothing to compute it from yet"],
    ["+Inf", json(vector("+Inf")), "broken", "the result of the query is Infinity, not a finite number"],
    [
      "of several values",
      json(vector("1", "2")),
      "broken",
      "the query has 2 results, wants one: put sum( ) or another aggregation around it",
    ],
    ["no number", json(vector("0x10")), "broken", "the result of the query is not a number"],
    [
      "a range",
      json({ status: "success", data: { resultType: "matrix", result: [] } }),
      "broken",
      "http://${ADDRESS} answered a matrix, wants one value",
    ],
    [
      "a native histogram",
      json({ status: "success", data: { resultType: "vector", result: [{ metric: {}, histogram: [1, {}] }] } }),
      "broken",
      "the query has a histogram as its result, wants a number: use histogram_quantile( )",
    ],
    [
      "a query that it cannot read",
      json({ status: "error", errorType: "bad_data", error: "parse error: unexpected end" }, 400),
      "broken",
      "http://${ADDRESS} answered 400: parse error: unexpected end",
    ],
    ["an error with status 200", json({ status: "error", error: "no" }), "broken", "http://${ADDRESS} answered no success: no"],
    ["503 and no JSON", (_q, r) => r.writeHead(503).end("down"), "broken", "http://${ADDRESS} answered 503"],
    [
      "a part of the data",
      json({ ...vector("1"), warnings: ["store 3 is down"] }),
      "broken",
      "http://${ADDRESS} warns, so the value may be of a part only: store 3 is down",
    ],
    ["advice", json({ ...vector("1"), warnings: ["PromQL info: metric might not be a counter"] }), "number", "1"],
    [
      "HTML",
      (_q, r) => r.setHeader("content-type", "text/html").end("<p>"),
      "broken",
      "http://${ADDRESS} answered text/html, wants application/json",
    ],
    ["half an answer", json('{"status":"succ'), "broken", "http://${ADDRESS} answered text that is not JSON"],
    ["null", json("null"), "broken", "http://${ADDRESS} answered no success"],
    [
      "a redirect, which is not followed",
      (_q, r) => r.writeHead(302, { location: "http://x/?token=abcdef" }).end(),
      "broken",
      "http://${ADDRESS} answered 302, a redirect; redirects are not followed",
    ],
    ["2 MB", json(`"${"x".repeat(2e6)}"`), "broken", "http://${ADDRESS} sent more than 1 MB"],
    [
      "an end before its end",
      (_q, r) => void r.writeHead(200, { "content-length": "99" }).write("{", () => r.destroy()),
      "broken",
      "http://${ADDRESS} ",
    ],
  ])("%s", async (_what, answer, is, says) => {
    const reading = await answered(answer);
    expect(reading.is).toBe(is);
    expect(String(reading.says)).toContain(says);
  });

  test("none in time", async () => {
    const reading = await answered(() => {}, { timeoutMs: 150 });
    expect(reading).toMatchObject({ is: "broken", says: "http://${ADDRESS} did not answer within 0.15 s" });
  });

  test("none at all", async () => {
    await using source = createPrometheus(filling({}));
    const reading = await readOnce(source, prometheusMetric("http://127.0.0.1:1"));
    expect(reading).toMatchObject({ is: "broken", says: "http://127.0.0.1:1 refused the connection" });
  });
});

describe("what nobody may see", () => {
  const token = "hunter2-hunter2";

  test("is not told again where the server repeats it", async () => {
    const echo: RequestListener = (request, response) =>
      json({ status: "error", error: `bad: ${request.headers.authorization} ${request.url}` }, 401)(request, response as never);
    const more = { auth: { by: "bearer", token: { from: "text", text: "${TOKEN}" } }, query: 'up{k="${TOKEN}"}' } as const;
    const { evidence } = await answered(echo, more, { TOKEN: token });
    expect(evidence.problem).toContain("Bearer ***");
    expect(JSON.stringify(evidence)).not.toContain(token);
  });

  test("a variable that is not set is named, and one that a header cannot hold is not shown", async () => {
    const bearer = (text: string) => ({ auth: { by: "bearer", token: { from: "text", text } } }) as const;
    expect((await answered(json(vector("1")), bearer("${NONE}"))).says).toContain("the environment variable NONE is not set");
    const bent = await answered(json(vector("1")), bearer("${BENT}"), { BENT: `${token}\nx: y` });
    expect(bent).toMatchObject({ is: "broken", says: "the token holds a character that cannot be sent in a header, or nothing" });
  });
});

test("a reading says nothing of a step that began within its window, and is what counts in one before it", async () => {
  await using server = await startAnswers(json(vector("0.5")));
  await using source = createPrometheus(filling({}));
  const metric = prometheusMetric(`http://${server.address}`);
  const { evidence } = await readOnce(source, metric);
  expect(source.measure(metric, evidence, 50_000, 60_000)).toMatchObject({ value: 0.5, samples: null, from: 50_000, to: 60_000 });
  expect(source.measure(metric, evidence, 50_001, 60_000)).toMatchObject({
    value: null,
    lacking: "the window lies wholly in this step in 1 s",
  });
});

test("disposing ends a reading that hangs", async () => {
  await using server = await startAnswers(() => {});
  const source = createPrometheus(filling({}));
  const reading = readOnce(source, prometheusMetric(`http://${server.address}`, { timeoutMs: 60_000 }));
  await source[Symbol.asyncDispose]();
  expect((await reading).says).toContain("was not read: Sluice is stopping");
});
