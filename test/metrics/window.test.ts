import { describe, expect, test } from "vitest";
import { keepSlices, sumWithin } from "../../src/metrics/window.ts";

const slice = (from: number, to: number, count = 1) => ({ from, to, counts: { to: count } });

describe("the newest window of slices", () => {
  const slices = [slice(0, 10), slice(10, 20), slice(20, 30), slice(30, 40)];

  test("is as long as wanted, and no longer", () => {
    expect(sumWithin(slices, 0, 40, 20)).toEqual({ from: 20, to: 40, counts: { to: 2 } });
    expect(sumWithin(slices, 0, 40, 25)).toEqual({ from: 10, to: 40, counts: { to: 3 } });
  });

  test("has only slices that lie wholly inside", () => {
    expect(sumWithin(slices, 5, 35, 100)).toEqual({ from: 10, to: 30, counts: { to: 2 } });
    expect(sumWithin(slices, 31, 39, 100)).toBeNull();
    expect(sumWithin([], 0, 100, 100)).toBeNull();
  });

  test("ends at a gap", () => {
    expect(sumWithin([slice(0, 10, 100), slice(20, 30), slice(30, 40)], 0, 40, 100)).toEqual({
      from: 20,
      to: 40,
      counts: { to: 2 },
    });
  });

  test("leaves out what one endpoint counted since before the window", () => {
    const missed = [slice(0, 10), slice(10, 20), slice(20, 30), slice(5, 30, 100)];
    expect(sumWithin(missed, 10, 30, 100)).toEqual({ from: 10, to: 30, counts: { to: 2 } });
    expect(sumWithin(missed, 0, 30, 100)?.counts).toEqual({ to: 103 });
  });
});

describe("the slices that are kept", () => {
  test("reach two windows back", () => {
    expect(keepSlices([slice(0, 10), slice(10, 20), slice(20, 30)], [slice(30, 40)], 10, 40)).toEqual([
      slice(10, 20),
      slice(20, 30),
      slice(30, 40),
    ]);
  });

  test("stay few however often a long window is read", () => {
    let kept: ReturnType<typeof keepSlices> = [];
    for (let t = 0; t < 7_200; t += 1) kept = keepSlices(kept, [slice(t, t + 1)], 3_600, t + 1);
    expect(kept.length).toBeLessThan(400);
    expect(sumWithin(kept, 0, 7_200, 3_600)?.counts.to).toBeGreaterThanOrEqual(3_600);
  });
});
