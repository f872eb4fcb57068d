import { describe, expect, test } from "vitest";
import { logHarm, NO_HARM, observeHarm } from "../../src/analysis/harm.ts";
import { type Histogram, logSlowShare, NO_SLOW_SHARE, observeSlowShare, type SlowShare } from "../../src/analysis/slow-share.ts";
import { windowOf } from "../support/evidence.ts";

/** Cumulative counts at .1, .5 and 1 s. */
const histogram = (counts: readonly number[], n: number, bounds: readonly number[] = [0.1, 0.5, 1]): Histogram => ({
  bounds,
  counts,
  n,
});

const STABLE = histogram([500, 900, 999], 1_000);
const AGAIN = (state: SlowShare, canary: Histogram) => observeSlowShare(state, canary, STABLE);

describe("latencies in given buckets", () => {
  const past = AGAIN(NO_SLOW_SHARE, histogram([25, 45, 50], 50));

  test("are compared bound by bound, each as RatioE does, and averaged", () => {
    const canary = histogram([10, 30, 40], 50);
    const rule = { rho: 1.25, delta: 1e-3 };
    const logs = [windowOf(50, 40, 1_000, 500), windowOf(50, 20, 1_000, 100), windowOf(50, 10, 1_000, 1)].map((window) =>
      logHarm(observeHarm(NO_HARM, rule, window)),
    );
    const average = logs.reduce((sum, log) => sum + Math.exp(log), 0) / 3;
    expect(logSlowShare(AGAIN(past, canary))).toBeCloseTo(Math.log(average), 9);
  });

  test("teach in their first window what is slow, and bet nothing", () => {
    expect(logSlowShare(past)).toBe(0);
    expect(logSlowShare(AGAIN(NO_SLOW_SHARE, histogram([0, 0, 0], 50)))).toBe(0);
  });

  test("are left alone at bounds that nearly all or nearly none of stable's requests exceed", () => {
    const stable = histogram([300, 900, 1_000], 1_000);
    let state = observeSlowShare(NO_SLOW_SHARE, histogram([0, 0, 0], 50), stable);
    state = observeSlowShare(state, histogram([0, 0, 0], 50), stable);
    expect(state.harms.map((harm) => harm.guarded.windows)).toEqual([0, 1, 0]);
  });

  test("cannot be compared where the bounds differ, and say so until they are the same again", () => {
    const other = AGAIN(past, histogram([10, 30, 40], 50, [0.1, 0.25, 1]));
    expect(other.problem).toBe("the buckets of canary end at 0.1, 0.25, 1, not at 0.1, 0.5, 1: nothing can be compared");
    expect({ ...other, problem: null }).toEqual(past);
    expect(AGAIN(other, histogram([25, 45, 50], 50)).problem).toBeNull();
    expect(observeSlowShare(NO_SLOW_SHARE, histogram([], 5, []), STABLE).problem).toBe("the histogram of canary has no buckets");
  });

  test("take +Inf for no bound", () => {
    const withEnd = (counts: readonly number[], n: number) =>
      histogram([...counts, n], n, [0.1, 0.5, 1, Number.POSITIVE_INFINITY]);
    const state = observeSlowShare(NO_SLOW_SHARE, withEnd([25, 45, 50], 50), withEnd([500, 900, 999], 1_000));
    expect(state).toEqual(past);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
