import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { startAnswers } from "../support/answers.ts";
import { sluice } from "../support/cli.ts";
import { plain } from "../support/pages.ts";
import { root } from "../support/sources.ts";

/** What `sluice inspect -` makes of a page. */
async function inspected(page: string | Uint8Array, ...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, ["src/main.ts", "inspect", "-", ...args], {
    cwd: root,
    input: page,
    reject: false,
    env: { NO_COLOR: "1" },
  });
  return { code: exitCode, stdout, stderr };
}

const PAGE = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200"} 10 1700000000000
http_requests_total{code="500"} NaN
temperature -Inf
`;

describe("a page that is valid", () => {
  test("is told in JSON, with words where JSON has no number", async () => {
    const { code, stdout, stderr } = await inspected(PAGE, "-o", "json");
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({
      families: [
        {
          name: "http_requests_total",
          type: "counter",
          help: "Requests.",
          series: [
            { name: "http_requests_total", labels: { code: "200" }, value: 10, timestamp: 1_700_000_000_000 },
            { name: "http_requests_total", labels: { code: "500" }, value: "NaN", timestamp: null },
          ],
        },
        {
          name: "temperature",
          type: "untyped",
          help: null,
          series: [{ name: "temperature", labels: {}, value: "-Inf", timestamp: null }],
        },
      ],
      problems: [],
    });
  });

  test("is told in a table", async () => {
    const { code, stdout } = await inspected(PAGE, "--series");
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "FAMILY               TYPE     SERIES  VALUES  HELP",
      "http_requests_total  counter       2  10      Requests.",
      "temperature          untyped       1  -Inf",
      "",
      "SERIES                           VALUE  AT",
      'http_requests_total{code="200"}     10  1700000000000',
      'http_requests_total{code="500"}    NaN',
      "temperature                       -Inf",
    ]);
  });

  test("in OpenMetrics is known by its end", async () => {
    const { code, stdout } = await inspected('# TYPE a counter\na_total 1 # {t="x"} 1\n# EOF\n', "-o", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).families).toMatchObject([{ name: "a", type: "counter", series: [{ name: "a_total", value: 1 }] }]);
    expect((await inspected("a 1\n", "--format", "openmetrics")).stderr).toContain(
      "stdin:2:1 error: the page ends without # EOF",
    );
  });

  test("may be against the format and read all the same", async () => {
    const { code, stderr } = await inspected("# HELP a x\n# HELP a y\na 1\n");
    expect(code).toBe(0);
    expect(stderr.split("\n")).toEqual(["stdin:2:8 warning: a second HELP for a", "2 | # HELP a y", "           ^"]);
  });
});

describe("a page that is not valid", () => {
  test("ends with 6, all places of what is wrong, and a caret below each", async () => {
    const { code, stderr } = await inspected('a 1\nb{c="d} 2\n\te 0x1f\n');
    expect(code).toBe(6);
    expect(stderr.split("\n")).toEqual([
      "stdin:2:5 error: the value of label c has no closing quote on its line",
      '2 | b{c="d} 2',
      "        ^",
      'stdin:3:4 error: the value of e is "0x1f", which is not a number',
      "3 |  e 0x1f",
      "       ^",
    ]);
  });

  test("is told in JSON too, with the rest of it", async () => {
    const { code, stdout } = await inspected("a 1\nb 1_000\n", "-o", "json");
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({
      families: [{ name: "a" }],
      problems: [{ level: "error", line: 2, column: 3, message: 'the value of b is "1_000", which is not a number' }],
    });
  });

  test("may be no text at all", async () => {
    const { code, stderr } = await inspected(Buffer.from([0x61, 0x20, 0x31, 0x0a, 0xef, 0xbf, 0xbd, 0x62, 0xff]));
    expect([code, stderr]).toEqual([6, "✖ error: stdin sent text that is not UTF-8, at line 2 column 3"]);
  });

  test("shows a part of a line that is long, and nothing that drives a terminal", async () => {
    const { stderr } = await inspected(`a{b="${"x".repeat(50_000)}"} \u001b[31mred ${"y".repeat(1000)}\n`);
    expect(stderr).not.toContain("\u001b");
    const [, drawn = "", caret = ""] = stderr.split("\n");
    expect(drawn.length).toBeLessThan(130);
    expect(drawn[caret.indexOf("^") + 1]).toBe("[");
  });
});

describe("a page at an address", () => {
  test("is read twice where an interval is given: what rose, and the quantiles of what was observed", async () => {
    let reads = 0;
    const pages = [
      'c_total 5\nr_total 90\n# TYPE h histogram\nh_bucket{le="1"} 0\nh_bucket{le="2"} 10\nh_bucket{le="+Inf"} 10\nh_sum 15\nh_count 10\n',
      'c_total 8\nr_total 4\nn_total 2\n# TYPE h histogram\nh_bucket{le="1"} 50\nh_bucket{le="2"} 109\nh_bucket{le="+Inf"} 110\nh_sum 99\nh_count 110\n',
    ];
    await using server = await startAnswers((request, response) => plain(pages[Math.min(reads++, 1)] ?? "")(request, response));
    const { code, stdout } = await sluice(["inspect", `http://${server.address}/metrics`, "--interval", "50ms", "-o", "json"]);
    const { deltas, quantiles, intervalMs } = JSON.parse(stdout);
    expect([code, reads, intervalMs]).toEqual([0, 2, 50]);
    expect(deltas.filter(({ name }: { name: string }) => name.endsWith("_total"))).toEqual([
      { name: "c_total", labels: {}, delta: 3, was: "there" },
      { name: "r_total", labels: {}, delta: 4, was: "reset" },
      { name: "n_total", labels: {}, delta: 2, was: "new" },
    ]);
    expect(quantiles).toEqual([
      {
        name: "h",
        labels: {},
        observations: 100,
        quantiles: [
          { q: 0.5, value: 1, clipped: false },
          { q: 0.9, value: expect.closeTo(1 + 40 / 49, 9), clipped: false },
          { q: 0.95, value: expect.closeTo(1 + 45 / 49, 9), clipped: false },
          { q: 0.99, value: 2, clipped: false },
        ],
      },
    ]);
    reads = 0;
    const table = await sluice(["inspect", `http://${server.address}/metrics`, "--interval", "50ms"]);
    expect(table.stdout).toMatch(/r_total +\+4 {2}reset\n/);
    expect(table.stdout).toMatch(/OBSERVED +COUNT +P50 +P90 +P95 +P99\nh +100 +1 +1\.81633/);
  });

  test.each<[string, number, string, Parameters<typeof startAnswers>[0]]>([
    [
      "is HTML",
      6,
      "answered text/html, wants text/plain or application/openmetrics-text",
      (_q, r) => r.setHeader("content-type", "text/html").end("<p>"),
    ],
    ["is not there", 7, "answered 404, wants 200", (_q, r) => r.writeHead(404).end()],
    ["is elsewhere", 7, "a redirect to /x; redirects are not followed", (_q, r) => r.writeHead(302, { location: "/x" }).end()],
    [
      "is cut off",
      6,
      "a last line without an end: the page may be cut off",
      (_q, r) => {
        r.useChunkedEncodingByDefault = false;
        r.removeHeader("content-length");
        r.writeHead(200, { "content-type": "text/plain", connection: "close" });
        r.end("a 1");
      },
    ],
  ])("that %s ends with its code", async (_what, code, text, answer) => {
    await using server = await startAnswers(answer);
    const ran = await sluice(["inspect", `http://${server.address}/metrics`]);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(text);
  });

  test("that nobody listens at ends with 7, and one that is none with 2", async () => {
    expect((await sluice(["inspect", "127.0.0.1:1"])).code).toBe(7);
    expect((await sluice(["inspect", "ftp://x/"])).code).toBe(2);
    expect((await sluice(["inspect", "-", "--interval", "1s"])).code).toBe(2);
  });
});
