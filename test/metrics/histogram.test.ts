import { describe, expect, test } from "vitest";
import { quantileOf } from "../../src/metrics/histogram.ts";

const buckets = (...pairs: [number, number][]) => pairs.map(([le, count]) => ({ le, count }));
const usual = buckets([0.1, 50], [0.5, 90], [1, 100], [Infinity, 100]);

describe("the quantile of a histogram", () => {
  test.each([
    ["in the first bucket begins at 0", 0.25, usual, 0.05],
    ["at a bound is that bound", 0.5, usual, 0.1],
    ["between bounds is linear", 0.7, usual, 0.3],
    ["in the last finite bucket", 0.95, usual, 0.75],
    ["1 is the highest bound with observations", 1, usual, 1],
    ["0 is the start of the first bucket", 0, usual, 0],
    ["takes bounds in any order", 0.7, [...usual].reverse(), 0.3],
    ["of a first bound below 0 is that bound", 0.2, buckets([-1, 5], [1, 10], [Infinity, 10]), -1],
    ["adds buckets of the same bound", 0.5, buckets([1, 1], [1, 3], [2, 8], [Infinity, 8]), 1],
    ["passes over an empty first bucket", 0.5, buckets([1, 0], [2, 10], [Infinity, 10]), 1.5],
    ["lifts a count that falls to the one before", 0.9, buckets([1, 10], [2, 8], [4, 20], [Infinity, 20]), 3.6],
    ["takes a tiny difference for rounding", 0.5, buckets([1, 10], [2, 10 + 1e-13], [Infinity, 10 + 1e-13]), 0.5],
    ["takes fractions of counts", 0.5, buckets([1, 0.5], [2, 1], [Infinity, 1]), 1],
  ])("%s", (_name, q, from, wanted) => {
    expect(quantileOf(q, from).value).toBeCloseTo(wanted, 12);
    expect(quantileOf(q, from).clipped).toBe(false);
  });

  test("above the last finite bound is that bound, and says so", () => {
    expect(quantileOf(0.95, buckets([1, 50], [2, 90], [Infinity, 100]))).toEqual({ value: 2, clipped: true });
  });

  test.each([
    ["no buckets", 0.5, []],
    ["one bucket", 0.5, buckets([Infinity, 1])],
    ["no +Inf bucket", 0.5, buckets([1, 1], [2, 1])],
    ["no observations", 0.5, buckets([1, 0], [Infinity, 0])],
    ["no quantile", Number.NaN, usual],
  ])("is not a number with %s", (_name, q, from) => {
    expect(quantileOf(q, from).value).toBeNaN();
  });

  test("below 0 and above 1 is infinite", () => {
    expect(quantileOf(-0.1, usual).value).toBe(-Infinity);
    expect(quantileOf(1.1, usual).value).toBe(Infinity);
  });
});
