import { describe, expect, test } from "vitest";
import type { Evidence } from "../../src/core/ports.ts";
import type { Measure } from "../../src/core/service.ts";
import { createScrape } from "../../src/metrics/scrape.ts";
import { green, metric, now, startPage } from "../support/pages.ts";

const RATE: Measure = { kind: "rate", of: "restarts_total" };
const GAUGE: Measure = { kind: "gauge", of: "process_resident_memory_bytes" };

const restarts = (total: number) => `# TYPE restarts_total counter\nrestarts_total ${total}\n`;
const memory = (bytes: number | string) => `# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ${bytes}\n`;

/** When pages are read. */
const AT = [0, 4_000, 10_000];

/** Reads two members; each has one page a read. */
async function read(measure: Measure, pages: readonly (readonly [string, string])[]): Promise<Evidence> {
  await using one = await startPage("");
  await using two = await startPage("");
  await using source = createScrape();
  let evidence: Evidence | null = null;
  for (const [index, [first, second]] of pages.entries()) {
    one.say(first);
    two.say(second);
    evidence = await source.sample(metric(measure), green(one.address, two.address), evidence, now(AT[index] ?? Number.NaN));
  }
  if (evidence === null) throw new Error("nothing was read");
  return evidence;
}

async function measured(measure: Measure, pages: readonly (readonly [string, string])[]) {
  const evidence = await read(measure, pages);
  await using source = createScrape();
  return source.measure(metric(measure), evidence, 0, 10_000);
}

describe("how often a counter rises", () => {
  test("is told per second and member, over a full window, and over a restart", async () => {
    const pages = [
      [restarts(7), restarts(100)],
      [restarts(8), restarts(100)],
      [restarts(1), restarts(102)],
    ] as const;
    expect(await measured(RATE, pages)).toMatchObject({
      value: 4 / 20,
      samples: null,
      from: 0,
      to: 10_000,
      problem: null,
      lacking: null,
    });
  });

  test("is not told from a part of a window: one event in a second is no rate", async () => {
    const found = await measured(RATE, [
      [restarts(7), restarts(1)],
      [restarts(8), restarts(1)],
    ]);
    expect(found).toMatchObject({ value: null, lacking: "a rate needs a full window: 4 s of 10 s so far", problem: null });
  });

  test("needs its counter to be there: a name that is misspelt is no zero", async () => {
    const found = await measured(RATE, [
      [memory(1), memory(1)],
      [memory(1), memory(1)],
    ]);
    expect(found.problem).toMatch(/^no series matches restarts_total/);
  });

  test("is none of a gauge", async () => {
    const found = await measured({ kind: "rate", of: "process_resident_memory_bytes" }, [
      [memory(1), memory(1)],
      [memory(2), memory(2)],
    ]);
    expect(found.problem).toMatch(/is a gauge, not a counter/);
  });
});

describe("a gauge", () => {
  test("is the mean over the window of each member, and of those the mean", async () => {
    const pages = [
      [memory(1), memory(1)],
      [memory(100), memory(300)],
      [memory(200), memory(500)],
    ] as const;
    expect(await measured(GAUGE, pages)).toMatchObject({ value: (150 + 400) / 2, samples: null, problem: null, lacking: null });
  });

  test("adds the series of a member, and leaves out what is no number", async () => {
    const page = (a: string, b: string) => `queue{name="a"} ${a}\nqueue{name="b"} ${b}\n`;
    const pages = [
      [page("1", "2"), page("NaN", "4")],
      [page("1", "2"), page("NaN", "4")],
      [page("1", "2"), page("NaN", "4")],
    ] as const;
    expect(await measured({ kind: "gauge", of: "queue" }, pages)).toMatchObject({ value: 3.5, problem: null });
  });

  test("may be below zero, and is no counter", async () => {
    const pages = [memory(-5), memory(-5), memory(-5)].map((page) => [page, page] as const);
    expect(await measured(GAUGE, pages)).toMatchObject({ value: -5, problem: null });
    const counters = [restarts(1), restarts(2), restarts(3)].map((page) => [page, page] as const);
    expect((await measured({ kind: "gauge", of: "restarts_total" }, counters)).problem).toMatch(/is a counter, not a gauge/);
  });

  test("is not what it was before, where a page leaves it out", async () => {
    const other = "# TYPE process_resident_memory_bytes gauge\n";
    const found = await measured(GAUGE, [
      [memory(900), memory(10)],
      [other, memory(10)],
      [other, memory(10)],
    ]);
    expect(found).toMatchObject({ value: 10 });
  });
});

describe("what two pools' pages are compared by", () => {
  /** Both pools read the same pages: what the candidate is told is what stable is told. */
  async function arms(measure: Measure, pages: readonly (readonly [string, string])[]) {
    const evidence = await read(measure, pages);
    await using source = createScrape();
    return source.arms(metric(measure), { canary: { pool: "green", evidence }, stable: { pool: "blue", evidence } }, 0, 0.1);
  }

  test("is events in the seconds of all members", async () => {
    const pages = [
      [restarts(7), restarts(100)],
      [restarts(8), restarts(103)],
    ] as const;
    expect(await arms(RATE, pages)).toMatchObject({ from: 0, to: 4_000, of: "events", canary: { n: 8, x: 4 } });
  });

  test("is requests by bucket, of all members", async () => {
    const page = (fast: number, all: number) =>
      `# TYPE h histogram\nh_bucket{le="0.1"} ${fast}\nh_bucket{le="+Inf"} ${all}\nh_sum 1\nh_count ${all}\n`;
    const pages = [
      [page(10, 20), page(0, 0)],
      [page(15, 30), page(2, 2)],
    ] as const;
    const found = await arms({ kind: "quantile", q: 0.95, of: "h" }, pages);
    expect(found).toMatchObject({ of: "buckets", canary: { bounds: [0.1], counts: [7], n: 12 } });
  });

  test("is the gauge of each member at each read", async () => {
    const pages = [
      [memory(1), memory(1)],
      [memory(100), memory(300)],
      [memory(110), memory(310)],
    ] as const;
    const found = await arms(GAUGE, pages);
    expect(found).toMatchObject({ of: "gauge", samples: [{ canary: 200 }, { canary: 210 }] });
    expect(found?.of === "gauge" && Object.values(found.samples[0]?.stable ?? {}).sort()).toEqual([100, 300]);
  });
});
