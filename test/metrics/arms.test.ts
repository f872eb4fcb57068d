import { describe, expect, test } from "vitest";
import type { Both, Evidence, Slice } from "../../src/core/ports.ts";
import { armsWithin } from "../../src/metrics/arms.ts";

function evidence(spans: readonly (readonly [from: number, to: number, of: number])[], problem: string | null = null): Evidence {
  const slices = spans.map(([from, to, of]): Slice => ({ from, to, counts: { of, to: 100 } }));
  return { metric: "errors", last: {}, slices, problem, lacking: null };
}

function both(canary: Evidence, stable: Evidence): Both {
  return { canary: { pool: "green", evidence: canary }, stable: { pool: "blue", evidence: stable } };
}

describe("what two pools did over the same time", () => {
  const steady = evidence([
    [0, 10, 1],
    [10, 20, 2],
    [20, 30, 3],
  ]);

  test("is requests by the buckets of a histogram, whose bounds rise", () => {
    const pages = (fast: number): Evidence => ({
      ...evidence([]),
      slices: [
        { from: 0, to: 10, counts: { "0.5": fast + 1, "0.1": fast, "+Inf": 20 } },
        { from: 10, to: 20, counts: { "0.5": fast + 1, "0.1": fast, "+Inf": 20 } },
      ],
    });
    expect(armsWithin("quantile", both(pages(10), pages(15)), 0)).toEqual({
      from: 0,
      to: 20,
      of: "buckets",
      canary: { bounds: [0.1, 0.5], counts: [20, 22], n: 40 },
      stable: { bounds: [0.1, 0.5], counts: [30, 32], n: 40 },
    });
  });

  test("is events in the seconds of all members", () => {
    const counted = (of: number) => ({ ...evidence([]), slices: [{ from: 0, to: 10, counts: { of, seconds: 20 } }] });
    expect(armsWithin("rate", both(counted(3), counted(1)), 0)).toEqual({
      from: 0,
      to: 10,
      of: "events",
      canary: { n: 20, x: 3 },
      stable: { n: 20, x: 1 },
    });
  });

  test("is a gauge at each read that both had: the candidate's median, and each member of stable", () => {
    const read = (to: number, levels: Readonly<Record<string, number>>) => ({
      from: to - 10,
      to,
      counts: Object.fromEntries(
        Object.entries(levels).flatMap(([name, sum]) => [
          [`sum ${name}`, sum],
          [`reads ${name}`, 1],
        ]),
      ),
    });
    const canary = { ...evidence([]), slices: [read(10, { c1: 1, c2: 5, c3: 9 }), read(20, { c1: 2, c2: 4 })] };
    const stable = { ...evidence([]), slices: [read(10, { s1: 7 }), read(20, { s1: 8, s2: 6 })] };
    expect(armsWithin("gauge", both(canary, stable), 0)).toEqual({
      from: 0,
      to: 20,
      of: "gauge",
      samples: [
        { canary: 5, stable: { s1: 7 } },
        { canary: 3, stable: { s1: 8, s2: 6 } },
      ],
    });
    const silent = { ...canary, slices: [read(10, {}), read(20, { c1: 2 })] };
    expect(armsWithin("gauge", both(silent, stable), 0)).toMatchObject({ samples: [{ canary: 2, stable: { s1: 8, s2: 6 } }] });
    const late = { ...stable, slices: stable.slices.slice(1) };
    expect(armsWithin("gauge", both(canary, late), 0)).toMatchObject({ from: 20, to: 20, samples: [] });
  });

  test("is what is new after a position, and nothing twice", () => {
    expect(armsWithin("ratio", both(steady, steady), 0)).toEqual({
      from: 0,
      to: 30,
      of: "failures",
      canary: { n: 300, x: 6 },
      stable: { n: 300, x: 6 },
    });
    expect(armsWithin("ratio", both(steady, steady), 20)).toMatchObject({ from: 20, to: 30, canary: { n: 100, x: 3 } });
    expect(armsWithin("ratio", both(steady, steady), 30)).toBeNull();
  });

  test("waits while a page cannot be read, and takes the whole stretch of both afterwards", () => {
    const blind = evidence([[0, 10, 1]], "the page answered 500");
    expect(armsWithin("ratio", both(steady, blind), 10)).toBeNull();
    const late = evidence([
      [0, 10, 1],
      [10, 30, 5],
    ]);
    expect(armsWithin("ratio", both(steady, late), 10)).toMatchObject({
      from: 10,
      to: 30,
      canary: { n: 200 },
      stable: { n: 100, x: 5 },
    });
  });

  test("passes over what only one of them tells of", () => {
    const fresh = evidence([[20, 30, 3]]);
    expect(armsWithin("ratio", both(fresh, steady), 0)).toMatchObject({ from: 30, to: 30, canary: { n: 0 }, stable: { n: 0 } });
  });

  test("takes an increase between two reads at the same instant once", () => {
    const twice = evidence([
      [0, 10, 1],
      [10, 10, 1],
      [10, 20, 1],
    ]);
    expect(armsWithin("ratio", both(twice, twice), 10)).toMatchObject({ canary: { n: 100 } });
  });

  test("starts after an increase that began before the step", () => {
    expect(armsWithin("ratio", both(steady, steady), 5)).toMatchObject({ from: 10, to: 30, canary: { n: 200 } });
  });
});
