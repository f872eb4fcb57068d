import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Measure, ScrapeMetric } from "../../src/core/service.ts";
import { createScrape } from "../../src/metrics/scrape.ts";
import { startAnswers, startSocket } from "../support/answers.ts";
import { counts, green, metric, now, plain, ratio } from "../support/pages.ts";

/** What reading one endpoint once, with this answer, has to say. */
async function problemOf(answer: RequestListener, more: Partial<ScrapeMetric> = {}, mostBytes = 1_000_000): Promise<string> {
  await using server = await startAnswers(answer);
  await using source = createScrape({ mostBytes });
  const evidence = await source.sample(metric(ratio, more), green(server.address), null, now(0));
  expect(evidence.slices).toEqual([]);
  expect(source.measure(metric(ratio), evidence, 0, 1000).problem).toBe(evidence.problem);
  return (evidence.problem ?? "no problem").replaceAll(server.address, "MEMBER");
}

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
      "sent text that is not UTF-8, at line 1 column 3",
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
    expect((await source.sample(metric(ratio), green(server.address), null, now(0))).problem).toBe(
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
    expect((await source.sample(metric(ratio), green(server.address), null, now(0))).problem).toContain(
      `${server.address}/metrics ${reason}`,
    );
    await server[Symbol.asyncDispose]();
  });

  test("is none where there is no endpoint", async () => {
    await using source = createScrape();
    expect((await source.sample(metric(ratio), green(), null, now(0))).problem).toBe("there is no endpoint to read");
  });
});

describe("a request for a page", () => {
  test("asks for both formats and gzip, reads either, and leaves no connection open", async () => {
    let accept = "";
    await using server = await startAnswers((request, response) => {
      accept = `${request.headers.accept} / ${request.headers["accept-encoding"]} / ${request.headers.connection}`;
      response.writeHead(200, {
        "content-type": "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "content-encoding": "gzip",
      });
      response.end(gzipSync('# TYPE http_requests counter\nhttp_requests_total{code="200"} 5 # {id="x"} 1\n# EOF\n'));
    });
    await using source = createScrape();
    const evidence = await source.sample(metric(ratio), green(server.address), null, now(0));
    expect(evidence).toMatchObject({
      problem: null,
      last: { [server.address]: { series: { 'to http_requests_total{code="200"}': 5 } } },
    });
    expect(accept).toBe(
      "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1 / gzip / close",
    );
    await expect.poll(() => server.open()).toBe(0);
  });

  test("leaves no connection open where it is not interested in the rest", async () => {
    await using server = await startAnswers((_q, response) => void response.writeHead(503).write("and then"));
    await using source = createScrape();
    const evidence = await source.sample(metric(ratio, { timeoutMs: 60_000 }), green(server.address), null, now(0));
    expect(evidence.problem).toBe(`${server.address}/metrics answered 503, wants 200`);
    await expect.poll(() => server.open()).toBe(0);
  });

  test("is made to all endpoints at once", async () => {
    const servers = await Promise.all(
      [1, 2, 3, 4].map(() => startAnswers((q, r) => void setTimeout(() => plain(counts(1, 0))(q, r), 300))),
    );
    await using source = createScrape();
    const begun = performance.now();
    const evidence = await source.sample(metric(ratio), green(...servers.map(({ address }) => address)), null, now(0));
    expect(performance.now() - begun).toBeLessThan(900);
    expect(Object.keys(evidence.last)).toHaveLength(4);
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  });

  test("ends when the source is disposed", async () => {
    await using server = await startAnswers(() => {});
    const source = createScrape();
    const reading = source.sample(metric(ratio, { timeoutMs: 60_000 }), green(server.address), null, now(0));
    await expect.poll(() => server.open()).toBe(1);
    await source[Symbol.asyncDispose]();
    expect((await reading).problem).toBe(`${server.address}/metrics was not read: Sluice is stopping`);
  });

  test("reads IPv6 endpoints", async () => {
    await using server = await startAnswers(plain(counts(1, 0)), "::1");
    await using source = createScrape();
    expect((await source.sample(metric(ratio), green(server.address), null, now(0))).problem).toBeNull();
  });
});
