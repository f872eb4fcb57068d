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

  test("is what is new after a position, and nothing twice", () => {
    expect(armsWithin(both(steady, steady), 0)).toEqual({
      from: 0,
      to: 30,
      of: "failures",
      canary: { n: 300, x: 6 },
      stable: { n: 300, x: 6 },
    });
    expect(armsWithin(both(steady, steady), 20)).toMatchObject({ from: 20, to: 30, canary: { n: 100, x: 3 } });
    expect(armsWithin(both(steady, steady), 30)).toBeNull();
  });

  test("waits while a page cannot be read, and takes the whole stretch of both afterwards", () => {
    const blind = evidence([[0, 10, 1]], "the page answered 500");
    expect(armsWithin(both(steady, blind), 10)).toBeNull();
    const late = evidence([
      [0, 10, 1],
      [10, 30, 5],
    ]);
    expect(armsWithin(both(steady, late), 10)).toMatchObject({ from: 10, to: 30, canary: { n: 200 }, stable: { n: 100, x: 5 } });
  });

  test("passes over what only one of them tells of", () => {
    const fresh = evidence([[20, 30, 3]]);
    expect(armsWithin(both(fresh, steady), 0)).toMatchObject({ from: 30, to: 30, canary: { n: 0 }, stable: { n: 0 } });
  });

  test("takes an increase between two reads at the same instant once", () => {
    const twice = evidence([
      [0, 10, 1],
      [10, 10, 1],
      [10, 20, 1],
    ]);
    expect(armsWithin(both(twice, twice), 10)).toMatchObject({ canary: { n: 100 } });
  });

  test("starts after an increase that began before the step", () => {
    expect(armsWithin(both(steady, steady), 5)).toMatchObject({ from: 10, to: 30, canary: { n: 200 } });
  });
});
