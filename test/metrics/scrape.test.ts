import { describe, expect, test } from "vitest";
import type { Evidence } from "../../src/core/ports.ts";
import { createScrape } from "../../src/metrics/scrape.ts";
import { startAnswers } from "../support/answers.ts";
import { counts, green, metric, now, plain, quantile, ratio, startPage } from "../support/pages.ts";

describe("reading a ratio", () => {
  test("compares two reads", async () => {
    await using page = await startPage(counts(1000, 10));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(page.address), null, now(1000));
    expect(source.measure(metric(ratio), first, 0, 1000)).toEqual({
      value: null,
      samples: 0,
      from: null,
      to: null,
      problem: null,
      lacking: null,
    });
    page.say(counts(1090, 20));
    const second = await source.sample(metric(ratio), green(page.address), first, now(6000));
    expect(source.measure(metric(ratio), second, 0, 6000)).toEqual({
      value: 0.1,
      samples: 100,
      from: 1000,
      to: 6000,
      problem: null,
      lacking: null,
    });
  });

  test("counts the first error ever, which has no earlier sample", async () => {
    await using page = await startPage(counts(10));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(page.address), null, now(0));
    page.say(counts(19, 1));
    const second = await source.sample(metric(ratio), green(page.address), first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({ value: 0.1, samples: 10 });
  });

  test("goes on over a reset of one member while the other goes on counting", async () => {
    await using one = await startPage(counts(1000, 50));
    await using two = await startPage(counts(5000, 0));
    await using source = createScrape();
    const both = [one.address, two.address];
    const first = await source.sample(metric(ratio), green(...both), null, now(0));
    one.say(counts(8, 2));
    two.say(counts(5030, 0));
    const second = await source.sample(metric(ratio), green(...both), first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({ value: 0.05, samples: 40 });
  });

  test.each([
    ["OpenMetrics", "application/openmetrics-text; version=1.0.0", "", "# EOF\n"],
    ["text", "text/plain; version=0.0.4", "_total", ""],
  ])("sees by _created of %s that a counter began anew and overtook its old value", async (_what, type, ending, end) => {
    const say = (good: number, bad: number, created: number) =>
      [
        `# TYPE http_requests${ending} counter`,
        `http_requests_total{code="200"} ${good}`,
        `http_requests_total{code="500"} ${bad}`,
        ...(ending === "" ? [] : ["# TYPE http_requests_created gauge"]),
        `http_requests_created{code="200"} ${created}`,
        `http_requests_created{code="500"} 1000`,
      ].join("\n");
    let text = say(100, 1, 1000.25);
    await using page = await startAnswers((_q, r) => r.setHeader("content-type", type).end(`${text}\n${end}`));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(page.address), null, now(0));
    text = say(130, 3, 2000);
    const second = await source.sample(metric(ratio), green(page.address), first, now(1000));
    expect(second.slices).toEqual([{ from: 0, to: 1000, counts: { of: 2, to: 132 } }]);
    const nameless = { ...ratio, of: '{code="500"}' };
    const one = await source.sample(metric(nameless), green(page.address), null, now(0));
    expect(one).toMatchObject({ problem: null });
    expect(Object.keys(one.last[page.address]?.series ?? {}).filter((key) => key.startsWith("of "))).toHaveLength(1);
  });

  test("sees a restart that overtook the old value by the process' start time", async () => {
    await using page = await startPage(`${counts(10, 0)}process_start_time_seconds 1000\n`);
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(page.address), null, now(0));
    page.say(`${counts(30, 10)}process_start_time_seconds 2000\n`);
    const second = await source.sample(metric(ratio), green(page.address), first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({ value: 0.25, samples: 40 });
  });

  test("keeps what a member counted before it vanished, and subtracts nothing", async () => {
    await using stays = await startPage(counts(100, 0));
    const goes = await startPage(counts(100, 0));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(stays.address, goes.address), null, now(0));
    goes.say(counts(110, 10));
    const second = await source.sample(metric(ratio), green(stays.address, goes.address), first, now(1000));
    await goes[Symbol.asyncDispose]();
    stays.say(counts(120, 0));
    const third = await source.sample(metric(ratio), green(stays.address), second, now(2000));
    expect(source.measure(metric(ratio), third, 0, 2000)).toMatchObject({ value: 0.25, samples: 40, problem: null });
  });

  test("takes a page that could not be read for no data: the next read spans both", async () => {
    let broken = false;
    let good = 100;
    await using server = await startAnswers((request, response) =>
      broken ? response.writeHead(503).end() : plain(counts(good, 0))(request, response),
    );
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(server.address), null, now(0));
    broken = true;
    const second = await source.sample(metric(ratio), green(server.address), first, now(1000));
    expect(second.problem).toBe(`${server.address}/metrics answered 503, wants 200`);
    expect(second.slices).toEqual([]);
    broken = false;
    good = 130;
    const third = await source.sample(metric(ratio), green(server.address), second, now(2000));
    expect(third).toMatchObject({ problem: null, slices: [{ from: 0, to: 2000, counts: { to: 30 } }] });
    // A step that began in between gets nothing of it: part of it was counted before the step.
    expect(source.measure(metric(ratio), third, 1000, 2000).samples).toBe(0);
  });

  test("says which of two members could not be read, and counts the other", async () => {
    await using page = await startPage(counts(0, 0));
    await using dead = await startAnswers((_request, response) => void response.writeHead(500).end());
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(page.address, dead.address), null, now(0));
    page.say(counts(10, 10));
    const second = await source.sample(metric(ratio), green(page.address, dead.address), first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({
      value: 0.5,
      samples: 20,
      problem: `${dead.address}/metrics answered 500, wants 200`,
    });
  });

  test("is nothing of nothing where no request came", async () => {
    await using page = await startPage(counts(5, 5));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(page.address), null, now(0));
    const second = await source.sample(metric(ratio), green(page.address), first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toEqual({
      value: null,
      samples: 0,
      from: 0,
      to: 1000,
      problem: null,
      lacking: null,
    });
  });

  test("waits for a family that is announced and has no series yet", async () => {
    await using page = await startPage("# HELP http_requests_total All.\n# TYPE http_requests_total counter\n");
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(page.address), null, now(0));
    expect(first.problem).toBeNull();
    page.say(counts(3, 1));
    const second = await source.sample(metric(ratio), green(page.address), first, now(1000));
    expect(source.measure(metric(ratio), second, 0, 1000)).toMatchObject({ value: 0.25, samples: 4 });
  });

  test("asks no more of a member that started anew and has not counted yet", async () => {
    await using page = await startPage(counts(5, 5));
    await using source = createScrape();
    const first = await source.sample(metric(ratio), green(page.address), null, now(0));
    page.say("other_total 1\n");
    const second = await source.sample(metric(ratio), green(page.address), first, now(1000));
    expect(second.problem).toBeNull();
    page.say(`other_total 1\n${counts(3, 1)}`);
    const third = await source.sample(metric(ratio), green(page.address), second, now(2000));
    expect(source.measure(metric(ratio), third, 0, 2000)).toMatchObject({ value: 0.25, samples: 4 });
  });

  test("uses the port of the metric where it has one", async () => {
    await using page = await startPage(counts(1, 1));
    await using source = createScrape();
    const port = Number(page.address.split(":")[1]);
    const evidence = await source.sample(metric(ratio, { port }), green("127.0.0.1:1"), null, now(0));
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
        green(server.address),
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
    const first = await source.sample(metric(quantile), green(page.address), null, now(0));
    page.say(histogram(1_000_000, 100, 0));
    const second = await source.sample(metric(quantile), green(page.address), first, now(1000));
    const { value, samples, problem } = source.measure(metric(quantile), second, 0, 1000);
    expect([samples, problem]).toEqual([100, null]);
    expect(value).toBeCloseTo(0.55, 9);
  });

  test("says that it is above the highest bound, where nothing more is known", async () => {
    await using page = await startPage(histogram(0, 0, 0));
    await using source = createScrape();
    const first = await source.sample(metric(quantile), green(page.address), null, now(0));
    page.say(histogram(1, 1, 50));
    const second = await source.sample(metric(quantile), green(page.address), first, now(1000));
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
    expect((await source.sample(metric(quantile), green(page.address), null, now(0))).problem).toBe(problem);
  });
});
