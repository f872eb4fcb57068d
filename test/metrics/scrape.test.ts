import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Evidence } from "../../src/core/ports.ts";
import type { Measure, Metric } from "../../src/core/service.ts";
import { createScrape } from "../../src/metrics/scrape.ts";
import { startAnswers, startSocket } from "../support/answers.ts";

const ratio: Measure = { kind: "ratio", of: 'http_requests_total{code=~"5.."}', to: "http_requests_total" };
const quantile: Measure = { kind: "quantile", q: 0.5, of: "duration_seconds" };
const metric = (measure: Measure, more: Partial<Metric> = {}): Metric => {
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
const counts = (good: number, bad: number | null = null) =>
  `# TYPE http_requests_total counter\nhttp_requests_total{code="200"} ${good}\n${bad === null ? "" : `http_requests_total{code="500"} ${bad}\n`}`;
const plain = (text: string): RequestListener => {
  return (_request, response) => response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8").end(text);
};
const now = (t: number) => ({ t, wall: t });

/** A member whose page the test changes between reads. */
async function startPage(first: string) {
  let text = first;
  const server = await startAnswers((request, response) => plain(text)(request, response));
  return Object.assign(server, {
    say(next: string) {
      text = next;
    },
  });
}

/** What reading one endpoint once, with this answer, has to say. */
async function problemOf(answer: RequestListener, more: Partial<Metric> = {}, mostBytes = 1_000_000): Promise<string> {
  await using server = await startAnswers(answer);
  await using source = createScrape({ mostBytes });
  const evidence = await source.sample(metric(ratio, more), [server.address], null, now(0));
  expect(evidence.slices).toEqual([]);
  expect(source.measure(metric(ratio), evidence, 0, 1000).problem).toBe(evidence.problem);
  return (evidence.problem ?? "no problem").replaceAll(server.address, "MEMBER");
}

describe("reading a ratio", () => {
  test("compares two reads", async () => {
    await using page = await startPage(counts(1000, 10));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), [page.address], null, now(1000));
    expect(source.measure(metric(ratio), first, 0, 1000)).toEqual({
      value: null,
      samples: 0,
      from: null,
      to: null,
      problem: null,
    });
    page.say(counts(1090, 20));
    const second = await source.sample(metric(ratio), [page.address], first, now(6000));
    expect(source.measure(metric(ratio), second, 0, 6000)).toEqual({
      value: 0.1,
      samples: 100,
      from: 1000,
      to: 6000,
      problem: null,
    });
  });

  test("counts the first error ever, which has no earlier sample", async () => {
    await using page = await startPage(counts(10));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), [page.address], null, now(0));
    page.say(counts(19, 1));
    const second = await source.sample(metric(ratio), [page.address], first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({ value: 0.1, samples: 10 });
  });

  test("goes on over a reset of one member while the other goes on counting", async () => {
    await using one = await startPage(counts(1000, 50));
    await using two = await startPage(counts(5000, 0));
    await using source = createScrape();
    const both = [one.address, two.address];
    const first = await source.sample(metric(ratio), both, null, now(0));
    one.say(counts(8, 2));
    two.say(counts(5030, 0));
    const second = await source.sample(metric(ratio), both, first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({ value: 0.05, samples: 40 });
  });

  test("sees a restart that overtook the old value by the process' start time", async () => {
    await using page = await startPage(`${counts(10, 0)}process_start_time_seconds 1000\n`);
    await using source = createScrape();
    const first = await source.sample(metric(ratio), [page.address], null, now(0));
    page.say(`${counts(30, 10)}process_start_time_seconds 2000\n`);
    const second = await source.sample(metric(ratio), [page.address], first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({ value: 0.25, samples: 40 });
  });

  test("keeps what a member counted before it vanished, and subtracts nothing", async () => {
    await using stays = await startPage(counts(100, 0));
    const goes = await startPage(counts(100, 0));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), [stays.address, goes.address], null, now(0));
    goes.say(counts(110, 10));
    const second = await source.sample(metric(ratio), [stays.address, goes.address], first, now(1000));
    await goes[Symbol.asyncDispose]();
    stays.say(counts(120, 0));
    const third = await source.sample(metric(ratio), [stays.address], second, now(2000));
    expect(source.measure(metric(ratio), third, 0, 2000)).toMatchObject({ value: 0.25, samples: 40, problem: null });
  });

  test("takes a page that could not be read for no data: the next read spans both", async () => {
    let broken = false;
    let good = 100;
    await using server = await startAnswers((request, response) =>
      broken ? response.writeHead(503).end() : plain(counts(good, 0))(request, response),
    );
    await using source = createScrape();
    const first = await source.sample(metric(ratio), [server.address], null, now(0));
    broken = true;
    const second = await source.sample(metric(ratio), [server.address], first, now(1000));
    expect(second.problem).toBe(`${server.address}/metrics answered 503, wants 200`);
    expect(second.slices).toEqual([]);
    broken = false;
    good = 130;
    const third = await source.sample(metric(ratio), [server.address], second, now(2000));
    expect(third).toMatchObject({ problem: null, slices: [{ from: 0, to: 2000, counts: { to: 30 } }] });
    // A step that began in between gets nothing of it: part of it was counted before the step.
    expect(source.measure(metric(ratio), third, 1000, 2000).samples).toBe(0);
  });

  test("says which of two members could not be read, and counts the other", async () => {
    await using page = await startPage(counts(0, 0));
    await using dead = await startAnswers((_request, response) => void response.writeHead(500).end());
    await using source = createScrape();
    const first = await source.sample(metric(ratio), [page.address, dead.address], null, now(0));
    page.say(counts(10, 10));
    const second = await source.sample(metric(ratio), [page.address, dead.address], first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({
      value: 0.5,
      samples: 20,
      problem: `${dead.address}/metrics answered 500, wants 200`,
    });
  });

  test("is nothing of nothing where no request came", async () => {
    await using page = await startPage(counts(5, 5));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), [page.address], null, now(0));
    const second = await source.sample(metric(ratio), [page.address], first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toEqual({ value: null, samples: 0, from: 0, to: 1000, problem: null });
  });

  test("waits for a family that is announced and has no series yet", async () => {
    await using page = await startPage("# HELP http_requests_total All.\n# TYPE http_requests_total counter\n");
    await using source = createScrape();
    const first = await source.sample(metric(ratio), [page.address], null, now(0));
    expect(first.problem).toBeNull();
    page.say(counts(3, 1));
    const second = await source.sample(metric(ratio), [page.address], first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({ value: 0.25, samples: 4 });
  });

  test("uses the port of the metric where it has one", async () => {
    await using page = await startPage(counts(1, 1));
    await using source = createScrape();
    const port = Number(page.address.split(":")[1]);
    const evidence = await source.sample(metric(ratio, { port }), ["127.0.0.1:1"], null, now(0));
    expect(evidence.problem).toBeNull();
    expect(Object.keys(evidence.last)).toEqual(["127.0.0.1:1"]);
  });

  test("keeps evidence that survives JSON and does not grow", async () => {
    let total = 0;
    let noise = "";
    for (let index = 0; index < 2000; index += 1) noise += `other_total{n="${index}"} 1\n`;
    await using server = await startAnswers((request, response) => plain(counts(++total, 0) + noise)(request, response));
    await using source = createScrape();
    let evidence: Evidence | null = null;
    for (let t = 0; t <= 60_000; t += 1000) {
      evidence = await source.sample(
        metric(ratio),
        [server.address],
        evidence === null ? null : (JSON.parse(JSON.stringify(evidence)) as Evidence),
        now(t),
      );
    }
    expect(JSON.stringify(evidence).length).toBeLessThan(3000);
    expect(source.measure(metric(ratio), evidence ?? expect.fail(), 0, 60_000)).toMatchObject({
      samples: 10,
      from: 50_000,
      to: 60_000,
    });
  });
});

describe("reading a quantile", () => {
  const histogram = (low: number, high: number, over: number) =>
    `# TYPE duration_seconds histogram\nduration_seconds_bucket{path="/",le="0.10"} ${low}\nduration_seconds_bucket{path="/",le="1"} ${low + high}\n` +
    `duration_seconds_bucket{path="/",le="+Inf"} ${low + high + over}\nduration_seconds_sum 1\nduration_seconds_count ${low + high + over}\n`;

  test("ranks what was added between two reads, not the lifetime", async () => {
    await using page = await startPage(histogram(1_000_000, 0, 0));
    await using source = createScrape();
    const first = await source.sample(metric(quantile), [page.address], null, now(0));
    page.say(histogram(1_000_000, 100, 0));
    const second = await source.sample(metric(quantile), [page.address], first, now(1000));
    const { value, samples, problem } = source.measure(metric(quantile), second, 0, 1000);
    expect([samples, problem]).toEqual([100, null]);
    expect(value).toBeCloseTo(0.55, 9);
  });

  test("says that it is above the highest bound, where nothing more is known", async () => {
    await using page = await startPage(histogram(0, 0, 0));
    await using source = createScrape();
    const first = await source.sample(metric(quantile), [page.address], null, now(0));
    page.say(histogram(1, 1, 50));
    const second = await source.sample(metric(quantile), [page.address], first, now(1000));
    expect(source.measure(metric(quantile), second, 0, 1000)).toMatchObject({
      value: 1,
      problem: "the quantile 0.5 of duration_seconds lies above its highest bucket bound, 1",
    });
  });

  test.each([
    [
      "# TYPE duration_seconds histogram\nduration_seconds_sum 1\nduration_seconds_count 1\n",
      "duration_seconds is a histogram without buckets: a quantile needs classic buckets (le)",
    ],
    [
      '# TYPE duration_seconds summary\nduration_seconds{quantile="0.5"} 1\n',
      "duration_seconds is a summary: its quantiles cannot be put together; a histogram is needed",
    ],
    ['durations_seconds_bucket{le="+Inf"} 1\n', "no series matches duration_seconds (did you mean durations_seconds_bucket?)"],
    ['duration_seconds_bucket{le="1"} 1\n', "the histogram duration_seconds has no +Inf bucket"],
    [
      '# TYPE duration_seconds gaugehistogram\nduration_seconds_bucket{le="+Inf"} 1\n',
      "duration_seconds_bucket is a gaugehistogram, not a counter: its increase says nothing",
    ],
  ])("refuses %j", async (text, problem) => {
    await using page = await startPage(text);
    await using source = createScrape();
    expect((await source.sample(metric(quantile), [page.address], null, now(0))).problem).toBe(problem);
  });
});

describe("a page that cannot be used", () => {
  test.each([
    [
      "HTML",
      (_q, r) => r.setHeader("content-type", "text/html").end("<html>"),
      "answered text/html, wants text/plain or application/openmetrics-text",
    ],
    [
      "JSON",
      (_q, r) => r.setHeader("content-type", "application/json").end("{}"),
      "answered application/json, wants text/plain or application/openmetrics-text",
    ],
    [
      "a redirect",
      (_q, r) => r.writeHead(302, { location: "/login" }).end(),
      "answered 302, a redirect to /login; redirects are not followed",
    ],
    ["503", (_q, r) => r.writeHead(503).end(), "answered 503, wants 200"],
    [
      "another character set",
      (_q, r) => r.setHeader("content-type", "text/plain; charset=latin1").end("a 1\n"),
      "answered in the character set latin1, wants utf-8",
    ],
    [
      "bytes that are no UTF-8",
      (_q, r) => r.setHeader("content-type", "text/plain").end(Buffer.from([97, 32, 0xff])),
      "sent text that is not UTF-8",
    ],
    [
      "brotli",
      (_q, r) => r.writeHead(200, { "content-type": "text/plain", "content-encoding": "br" }).end("x"),
      "answered in the encoding br, wants gzip or none",
    ],
    [
      "no gzip",
      (_q, r) => r.writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip" }).end("x".repeat(50)),
      "sent gzip that cannot be unpacked: incorrect header check",
    ],
    [
      "half of a gzip",
      (_q, r) =>
        r
          .writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip" })
          .end(gzipSync(counts(1, 1)).subarray(0, 40)),
      "sent gzip that cannot be unpacked: unexpected end of file",
    ],
  ] satisfies [string, RequestListener, string][])("is an error: %s", async (_name, answer, reason) => {
    expect(await problemOf(answer)).toBe(`MEMBER/metrics ${reason}`);
  });

  test("is an error with line and column where its text is no metrics", async () => {
    expect(await problemOf(plain("a 1\nb x\n"))).toBe(
      'MEMBER/metrics line 2 column 3: the value of b is "x", which is not a number',
    );
    expect(await problemOf((_q, r) => void r.end("<!doctype html>"))).toBe(
      'MEMBER/metrics line 1 column 1: wants a metric name, has "<" (it looks like HTML)',
    );
  });

  test.each([
    ['http_request_total{code="200"} 1\n', "no series matches http_requests_total (did you mean http_request_total?)"],
    [
      "# TYPE http_requests_total gauge\nhttp_requests_total 1\n",
      "http_requests_total is a gauge, not a counter: its increase says nothing",
    ],
    ["http_requests_total -1\n", "http_requests_total is -1: a counter is never below 0"],
    ["http_requests_total NaN\n", "http_requests_total has no sample that is a number"],
    ["", "no series matches http_requests_total"],
  ])("is an error where it lacks what is asked for: %j", async (text, problem) => {
    expect(await problemOf(plain(text))).toBe(problem);
  });

  test("is an error with labels that match nothing", async () => {
    const measure: Measure = { kind: "ratio", of: "http_requests_total", to: 'http_requests_total{status="200"}' };
    expect(await problemOf(plain(counts(1)), { measure })).toBe(
      'no series matches http_requests_total{status="200"}: http_requests_total is there, with other labels',
    );
    expect(await problemOf(plain(counts(1)), { measure: { ...measure, to: "a{" } })).toMatch(
      /^the selector a\{ cannot be read at column 3/,
    );
  });

  test("is cut off where it is too large by its own word, endless, or a gzip bomb", async () => {
    const says = (answer: RequestListener) => problemOf(answer, { timeoutMs: 20_000 });
    expect(
      await says(
        (_q, r) => void r.writeHead(200, { "content-type": "text/plain", "content-length": 100_000_000 }).write("a 1\n"),
      ),
    ).toBe("MEMBER/metrics sent more than 1 MB");
    let sent = 0;
    const endless: RequestListener = (_q, response) => {
      response.setHeader("content-type", "text/plain");
      const more = () => {
        while (!response.destroyed && response.write("a_total 1\n".repeat(1000))) sent += 10_000;
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    expect(await says(endless)).toBe("MEMBER/metrics sent more than 1 MB");
    expect(sent).toBeLessThan(50_000_000);
    const bomb = gzipSync(Buffer.alloc(200_000_000, "a"), { level: 9 });
    const before = process.memoryUsage.rss();
    expect(
      await says((_q, r) => void r.writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip" }).end(bomb)),
    ).toBe("MEMBER/metrics sent more than 1 MB");
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000);
  });

  test.each([
    ["never answers", () => {}],
    ["never ends", (_q, r) => r.setHeader("content-type", "text/plain").write("a 1\n")],
    [
      "trickles",
      (_q, r) => {
        r.setHeader("content-type", "text/plain");
        const timer = setInterval(() => r.write("a 1\n"), 20);
        r.on("close", () => clearInterval(timer));
      },
    ],
  ] satisfies [string, RequestListener][])("is given up in time where it %s", async (_name, answer) => {
    const begun = performance.now();
    expect(await problemOf(answer, { timeoutMs: 200 })).toBe("MEMBER/metrics did not send its page within 0.2 s");
    expect(performance.now() - begun).toBeLessThan(1500);
  });

  test.each([
    ["Content-Length: 100\r\n", "closed the connection before its answer was complete"],
    ["Transfer-Encoding: chunked\r\n", "closed the connection before its answer was complete"],
    ["", "sent neither a length nor chunks, and a last line without an end: the page may be cut off"],
  ])("is refused where it is cut off inside a number (%j)", async (header, reason) => {
    const body = header.startsWith("Transfer") ? "20\r\nhttp_requests_total 12" : "http_requests_total 12";
    await using server = await startSocket((socket) =>
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${header}\r\n${body}`)),
    );
    await using source = createScrape();
    expect((await source.sample(metric(ratio), [server.address], null, now(0))).problem).toBe(
      `${server.address}/metrics ${reason}`,
    );
  });

  test.each([
    ["a closed port", "refused the connection"],
    ["no HTTP", "did not answer in HTTP"],
  ])("is an error: %s", async (name, reason) => {
    const server = await startSocket((socket) => socket.end("hello\r\n"));
    if (name === "a closed port") await server[Symbol.asyncDispose]();
    await using source = createScrape();
    expect((await source.sample(metric(ratio), [server.address], null, now(0))).problem).toContain(
      `${server.address}/metrics ${reason}`,
    );
    await server[Symbol.asyncDispose]();
  });

  test("is none where there is no endpoint", async () => {
    await using source = createScrape();
    expect((await source.sample(metric(ratio), [], null, now(0))).problem).toBe("there is no endpoint to read");
  });
});

describe("a request for a page", () => {
  test("asks for both formats and gzip, reads either, and leaves no connection open", async () => {
    let accept = "";
    await using server = await startAnswers((request, response) => {
      accept = `${request.headers.accept} / ${request.headers["accept-encoding"]}`;
      response.writeHead(200, {
        "content-type": "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "content-encoding": "gzip",
      });
      response.end(gzipSync('# TYPE http_requests counter\nhttp_requests_total{code="200"} 5 # {id="x"} 1\n# EOF\n'));
    });
    await using source = createScrape();
    const evidence = await source.sample(metric(ratio), [server.address], null, now(0));
    expect(evidence).toMatchObject({
      problem: null,
      last: { [server.address]: { series: { 'to http_requests_total{code="200"}': 5 } } },
    });
    expect(accept).toBe("text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1 / gzip");
    await expect.poll(() => server.open()).toBe(0);
  });

  test("is made to all endpoints at once", async () => {
    const servers = await Promise.all(
      [1, 2, 3, 4].map(() => startAnswers((q, r) => void setTimeout(() => plain(counts(1, 0))(q, r), 300))),
    );
    await using source = createScrape();
    const begun = performance.now();
    const evidence = await source.sample(
      metric(ratio),
      servers.map(({ address }) => address),
      null,
      now(0),
    );
    expect(performance.now() - begun).toBeLessThan(900);
    expect(Object.keys(evidence.last)).toHaveLength(4);
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  });

  test("ends when the source is disposed", async () => {
    await using server = await startAnswers(() => {});
    const source = createScrape();
    const reading = source.sample(metric(ratio, { timeoutMs: 60_000 }), [server.address], null, now(0));
    await expect.poll(() => server.open()).toBe(1);
    await source[Symbol.asyncDispose]();
    expect((await reading).problem).toBe(`${server.address}/metrics was not read: Sluice is stopping`);
  });

  test("reads IPv6 endpoints", async () => {
    await using server = await startAnswers(plain(counts(1, 0)), "::1");
    await using source = createScrape();
    expect((await source.sample(metric(ratio), [server.address], null, now(0))).problem).toBeNull();
  });
});
