import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginLatencyStep, type Latency, logSlower, NO_LATENCY, observeLatency } from "../../src/analysis/latency.ts";
import { BUCKET_ENDS_MS, bucketed, bucketOf, quantileBucket, slowerThan } from "../../src/analysis/latency-buckets.ts";
import { decideLatency } from "../../src/analysis/latency-decision.ts";
import { latencySentence } from "../../src/analysis/sentence.ts";
import { type SlowWindow, slowLatency } from "../support/slow-latency.ts";

const MARGIN = 0.1;
const RULE = { margin: MARGIN, alpha: 0.01, minRequests: 100 };

const seen = (state: Latency, { canary, stable }: SlowWindow) =>
  observeLatency(state, { canary: bucketed(canary, MARGIN), stable: bucketed(stable) });
const seenAll = (windows: readonly SlowWindow[], from: Latency = NO_LATENCY) => windows.reduce(seen, from);

const ms = fc.double({ min: 0.1, max: 40_000, noNaN: true });
const windows = fc.array(fc.record({ canary: fc.array(ms, { maxLength: 40 }), stable: fc.array(ms, { maxLength: 400 }) }), {
  maxLength: 6,
});
const start: SlowWindow = { canary: [50], stable: Array.from({ length: 600 }, (_, index) => 20 + index / 2) };

describe("latency buckets", () => {
  test("hold a latency in the first whose end reaches it", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (latency) => {
        const bucket = bucketOf(latency);
        expect(latency).toBeLessThanOrEqual(BUCKET_ENDS_MS[bucket] ?? Number.POSITIVE_INFINITY);
        if (bucket > 0) expect(latency).toBeGreaterThan(BUCKET_ENDS_MS[bucket - 1] ?? 0);
      }),
    );
  });

  test("hold an end itself, go from 1 ms past 60 s, and have one for all that is longer", () => {
    for (const [bucket, end] of BUCKET_ENDS_MS.entries()) expect(bucketOf(end)).toBe(bucket);
    expect([BUCKET_ENDS_MS[0], Math.round(BUCKET_ENDS_MS.at(-1) ?? 0)]).toEqual([1, 61_487]);
    expect([bucketOf(0), bucketOf(0.2), bucketOf(1e9)]).toEqual([0, 0, BUCKET_ENDS_MS.length]);
  });

  test("find a quantile, and count what is slower", () => {
    const counts = bucketed([1, 1, 1.04, 10, 10_000_000]);
    expect(quantileBucket(counts, 0.4)).toBe(0);
    expect(quantileBucket(counts, 0.5)).toBe(1);
    expect(slowerThan(counts, 1)).toBe(2);
    expect(quantileBucket(counts, 0.999)).toBe(BUCKET_ENDS_MS.length);
  });
});

describe("LatE", () => {
  test("agrees to 1e-9 with a slow implementation of the same text, window by window", () => {
    fc.assert(
      fc.property(windows, (rest) => {
        const all = [start, ...rest];
        const slow = slowLatency(all, MARGIN);
        let state = NO_LATENCY;
        for (const [index, window] of all.entries()) {
          state = seen(state, window);
          expect(logSlower(state)).toBeCloseTo(Math.log(slow[index] ?? Number.NaN), 9);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("bets nothing before stable has shown 500 latencies", () => {
    const few = { canary: new Array(400).fill(900), stable: new Array(499).fill(10) };
    expect(logSlower(seenAll([few]))).toBe(0);
    expect(seenAll([few]).guarded.windows).toBe(0);
    const more = seenAll([few, { canary: [], stable: [10] }, few]);
    expect(more.guarded.windows).toBe(1);
    expect(logSlower(more)).toBeGreaterThan(0);
  });

  test("learns from windows without a canary, and is not moved by them", () => {
    const state = seenAll([start, { canary: [900, 900], stable: [50] }]);
    const quiet = seen(state, { canary: [], stable: [70, 80] });
    expect(quiet.guarded).toEqual(state.guarded);
    expect(quiet.past).not.toEqual(state.past);
    expect(seen(state, { canary: [70], stable: [] })).toEqual(state);
  });

  test("does not know how long a millisecond is, as long as both arms stay between the first and the last bucket", () => {
    const steps = fc.integer({ min: 20, max: 150 });
    // In the middle of a bucket, so that no rounding moves a latency to the next.
    const at = (step: number) => 1.05 ** (step - 0.5);
    fc.assert(
      fc.property(
        fc.array(steps, { minLength: 1, maxLength: 50 }),
        fc.array(steps, { minLength: 1 }),
        steps,
        (canary, stable, by) => {
          const of = (shift: number) => {
            const window = {
              canary: bucketed(canary.map((k) => at(k + shift))),
              stable: bucketed(stable.map((k) => at(k + shift))),
            };
            const past = bucketed(new Array(600).fill(0).map((_, index) => at(20 + (index % 130) + shift)));
            return logSlower(observeLatency(observeLatency(NO_LATENCY, { canary: [], stable: past }), window));
          };
          expect(of(Math.min(by, 60))).toBeCloseTo(of(0), 9);
        },
      ),
    );
  });

  test("comes to the same through a store, wherever it is cut", () => {
    fc.assert(
      fc.property(windows, fc.nat(6), (rest, cut) => {
        const stored = JSON.parse(JSON.stringify(seenAll([start, ...rest.slice(0, cut)]))) as Latency;
        expect(seenAll(rest.slice(cut), stored)).toEqual(seenAll([start, ...rest]));
      }),
      { numRuns: 50 },
    );
  });
});

describe("deciding on latency", () => {
  const stable = Array.from({ length: 2_000 }, (_, index) => 50 + (index % 100));
  const canary = (factor: number) => stable.slice(0, 200).map((latency) => latency * factor);
  const past = seenAll([{ canary: [], stable }]);
  const decided = (state: Latency) => {
    const decision = decideLatency(state, RULE);
    return [decision.is, decision.cause, latencySentence(decision, { canary: "green", stable: "blue" }, MARGIN)];
  };

  test("holds while too little is known", () => {
    expect(decided(NO_LATENCY)).toEqual(["hold", "too little past", "too few requests on blue yet to know what is slow"]);
    expect(decided(seenAll([{ canary: [50], stable }], past))).toEqual([
      "hold",
      "too few requests",
      "latency of 1 of 100 requests on green so far",
    ]);
  });

  test("advances a canary that is a little slower, and reverts one that is half as slow again, saying where", () => {
    const window = (factor: number) => ({ canary: canary(factor), stable });
    expect(decided(seenAll([window(1.05), window(1.05)], past)).slice(0, 2)).toEqual(["advance", "no slower"]);
    const slow = seenAll([window(1.5), window(1.5), window(1.5)], past);
    expect(decided(slow)).toEqual([
      "revert",
      "slower",
      expect.stringMatching(
        /^\d+ of 600 requests took more than \d+ ms on green, \d+ of 6 000 more than \d+ ms on blue; evidence [\d ]+ against, 100 needed$/,
      ),
    ]);
    expect(decideLatency(beginLatencyStep(slow), RULE)).toMatchObject({ is: "revert", requests: 0, slowest: null });
  });
});
