import { describe, expect, test } from "vitest";
import { Random } from "../../bench/verdicts/random.ts";
import { decideAftermath, observeAftermath, observeAftermathRead, startAftermath } from "../../src/analysis/aftermath.ts";
import { type Comparison, NO_COMPARISON, observeWindow } from "../../src/analysis/comparison.ts";
import type { Counts } from "../../src/analysis/counts.ts";
import { NO_CAP } from "../../src/analysis/guarded.ts";
import { HARM_GRID } from "../../src/analysis/ratio.ts";
import { logRecorded, neededOf, observeRecorded, type Recorded, startRecorded } from "../../src/analysis/recorded.ts";
import { binomial, type Chance, poisson } from "../support/distributions.ts";
import { windowOf } from "../support/evidence.ts";

const ALPHA = 0.01;
const RULE = { rho: 1.1, delta: 0 };
const COMPARED = { allowed: RULE, harmful: { rho: 2, delta: 0.005 }, alpha: ALPHA, beta: 0.05 };

describe("the most that stable's rate may have been", () => {
  test("is exceeded in at most half of alpha of the cases, summed over every outcome", () => {
    for (const alpha of [0.01, 0.2])
      for (const [n, chances] of [20, 300, 2_000]
        .flatMap((n) =>
          [0.001, 0.01, 0.1, 0.4].flatMap((rate): [number, readonly Chance[], number][] => [
            [n, binomial(n, rate), rate],
            [n, poisson(n * rate), rate],
          ]),
        )
        .map(([n, chances, rate]) => [n, chances.map(([x, chance]) => [x, chance, rate] as const)] as const)) {
        let missed = 0;
        for (const [x, chance, rate] of chances) if (startRecorded({ n, x }, 1, alpha).mostRate < rate) missed += chance;
        expect(missed).toBeLessThanOrEqual(alpha / 2);
      }
  });

  test("is near what was counted where much was, and wider where failures scatter", () => {
    const { mostRate } = startRecorded({ n: 1e6, x: 10_000 }, 1, ALPHA);
    expect(mostRate).toBeGreaterThan(0.01);
    expect(mostRate).toBeLessThan(0.0104);
    expect(startRecorded({ n: 1e6, x: 10_000 }, 4, ALPHA).mostRate).toBeGreaterThan(mostRate);
    expect(startRecorded({ n: 1_000, x: 0 }, 1, ALPHA).mostRate).toBeCloseTo(neededOf(ALPHA) / 1_000, 9);
  });
});

describe("a bet on the candidate against a fixed rate is at most 1 on average, computed over every outcome", () => {
  const state = startRecorded({ n: 500, x: 5 }, 1.5, ALPHA);

  /** The average after some windows, where somebody stops as soon as the evidence is enough. */
  const average = (
    from: Recorded,
    n: number,
    chances: readonly Chance[],
    windows: number,
    enough: number,
    rule = RULE,
  ): number => {
    const now = Math.exp(logRecorded(from));
    if (windows === 0 || now >= enough) return now;
    return chances.reduce(
      (sum, [x, chance]) => sum + chance * average(observeRecorded(from, rule, { n, x }), n, chances, windows - 1, enough, rule),
      0,
    );
  };

  test.each([RULE, { rho: 1, delta: 0.002 }, { rho: 2, delta: 0 }])(
    "with rho $rho and delta $delta, up to what they allow",
    (rule) => {
      const allowed = rule.rho * state.mostRate + rule.delta;
      for (const part of [0, 0.5, 1]) {
        for (const n of [1, 20, 200])
          expect(average(state, n, binomial(n, allowed * part), 1, 1e9, rule)).toBeLessThanOrEqual(1 + 1e-9);
        expect(average(state, 12.5, poisson(12.5 * allowed * part), 1, 1e9, rule)).toBeLessThanOrEqual(1 + 1e-9);
      }
    },
  );

  test("whenever one stops, and without the guards too", () => {
    const chances = binomial(12, RULE.rho * state.mostRate).filter(([, chance]) => chance > 1e-12);
    for (const enough of [1.01, 2, 10]) expect(average(state, 12, chances, 4, enough)).toBeLessThanOrEqual(1 + 1e-9);
    const plain = binomial(40, RULE.rho * state.mostRate).reduce(
      (sum, [x, chance]) =>
        sum + chance * Math.exp(logRecorded(observeRecorded(state, RULE, { n: 40, x }, { dispersion: 1, logCap: NO_CAP }))),
      0,
    );
    expect(plain).toBeLessThanOrEqual(1 + 1e-9);
    expect(plain).toBeGreaterThan(0.7);
  });

  test("is worth the product of r to the failures and what the fixed rate would have brought, averaged over the factors", () => {
    const rate = RULE.rho * state.mostRate;
    const worth = HARM_GRID.map((factor) => factor ** 2 * Math.exp(-20 * rate * (factor - 1)));
    const expected = 0.5 + (0.5 * worth.reduce((sum, one) => sum + one, 0)) / worth.length;
    const bet = { dispersion: 1, logCap: NO_CAP };
    expect(logRecorded(observeRecorded(state, RULE, { n: 20, x: 2 }, bet))).toBeCloseTo(Math.log(expected), 9);
  });

  test("but above 1 beyond it", () => {
    expect(average(state, 200, binomial(200, 4 * state.mostRate), 1, 1e9)).toBeGreaterThan(2);
  });
});

/** A rollout with both pools for some minutes, then half an hour of bake: the window in which it is sent back, or null. */
function baked(random: Random, rates: { readonly before: number; readonly bake: number }): number | null {
  let state: Comparison = NO_COMPARISON;
  for (let minute = 0; minute < 20; minute += 1) {
    const window = windowOf(500, random.poisson(500 * rates.before), 1_500, random.poisson(1_500 * rates.before));
    state = observeWindow(state, COMPARED, window, 60_000);
  }
  let aftermath = startAftermath(state, ALPHA);
  for (let window = 1; window <= 30; window += 1) {
    aftermath = observeAftermath(aftermath, RULE, { n: 2_000, x: random.poisson(2_000 * rates.bake) });
    if (decideAftermath(aftermath, ALPHA).is === "revert") return window;
  }
  return null;
}

describe("a bake, simulated", () => {
  const found = (rates: Parameters<typeof baked>[1], runs: number) => {
    const random = new Random(7, 3);
    return Array.from({ length: runs }, () => baked(random, rates)).flatMap((window) => window ?? []);
  };

  test.each([0.001, 0.01])("sends back at most one in a hundred of those that fail as often as is allowed, at %d", (rate) => {
    expect(found({ before: rate, bake: rate * RULE.rho }, 500).length).toBeLessThanOrEqual(5);
  });

  test("finds one that turns bad, soon", () => {
    const windows = found({ before: 0.01, bake: 0.03 }, 50);
    expect(windows.length).toBe(50);
    expect(Math.max(...windows)).toBeLessThanOrEqual(5);
  });
});

describe("what follows once all the traffic is on the candidate", () => {
  /** Windows of 1 000 requests on stable and 100 on the candidate, which fail alike. */
  const seen = (failures: readonly number[]) =>
    failures.reduce(
      (state: Comparison, x) => observeWindow(state, COMPARED, windowOf(100, Math.round(x / 10), 1_000, x), 60_000),
      NO_COMPARISON,
    );

  test("asks for more where stable's own rate varied from minute to minute", () => {
    const [steady, wild] = [seen([10, 10, 10, 10, 10, 10]), seen([0, 30, 0, 30, 0, 0])].map((state) =>
      startAftermath(state, ALPHA),
    );
    if (steady === undefined || wild === undefined) throw new Error("there are two");
    expect(steady.windows.stable).toEqual(wild.windows.stable);
    expect(wild.windows.dispersion).toBeGreaterThan(5);
    const judged = [steady, wild].map((state) => {
      const bad = { n: 1_000, x: 60 };
      return decideAftermath(
        [bad, bad, bad, bad].reduce((each, one) => observeAftermath(each, RULE, one), state),
        ALPHA,
      ).is;
    });
    expect(judged).toEqual(["revert", "hold"]);
  });

  test("holds where nothing was recorded, and changes nothing without traffic", () => {
    const nothing = startAftermath(NO_COMPARISON, ALPHA);
    const read = observeAftermathRead(nothing, RULE, { n: 50, x: 50 });
    expect(decideAftermath(observeAftermath(read, RULE, { n: 50, x: 50 }), ALPHA)).toMatchObject({
      is: "hold",
      cause: "nothing recorded",
    });
    const state = startAftermath(seen([10, 10]), ALPHA);
    expect(observeAftermath(observeAftermathRead(state, RULE, { n: 0, x: 0 }), RULE, { n: 0, x: 0 })).toEqual(state);
    expect(JSON.parse(JSON.stringify(nothing))).toEqual(nothing);
  });

  test("has a fast path, which fires in the first reads of an outage, and in none without one", () => {
    const reads = (all: readonly Counts[]) =>
      decideAftermath(
        all.reduce((state, one) => observeAftermathRead(state, RULE, one), startAftermath(seen([10, 10, 10]), ALPHA)),
        ALPHA,
      );
    expect(reads([{ n: 25, x: 25 }])).toMatchObject({
      is: "revert",
      cause: "outage",
      canary: { n: 25, x: 25 },
      stable: { n: 3_000, x: 30 },
    });
    expect(reads(new Array(500).fill({ n: 25, x: 1 })).is).toBe("hold");
  });
});
