import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVerdict, mayAdvanceUnproved } from "../../src/analysis/compare-verdict.ts";
import { beginStep, type Comparison, NO_COMPARISON, observeScrape, observeWindow } from "../../src/analysis/comparison.ts";
import type { Window } from "../../src/analysis/counts.ts";
import { decide } from "../../src/analysis/decision.ts";
import { isOutage, NO_OUTAGE, observeOutage } from "../../src/analysis/outage.ts";
import { mostLost, requestsToAdvance, requestsToShow, smallestDetectable } from "../../src/analysis/power.ts";
import { RATE_RATIOS, rateRatioAbove } from "../../src/analysis/rate-bound.ts";
import { sentence, strength } from "../../src/analysis/sentence.ts";
import { slowPlain, windowOf } from "../support/evidence.ts";

const RULE = { allowed: { rho: 1.1, delta: 0 }, harmful: { rho: 2, delta: 0.005 }, alpha: 0.01, beta: 0.05 };
const NAMES = { canary: "green", stable: "blue" };

const seenAll = (windows: readonly Window[], ms = 60_000, from: Comparison = NO_COMPARISON) =>
  windows.reduce((state, window) => observeWindow(state, RULE, window, ms), from);
const told = (state: Comparison) => {
  const decision = decide(state, RULE);
  return [decision.is, decision.cause, sentence(decision, NAMES)];
};
const times = (count: number, window: Window) => new Array<Window>(count).fill(window);

describe("a decision", () => {
  test("reverts what is worse, and says by how much", () => {
    const [is, cause, text] = told(
      seenAll([windowOf(401, 13, 1_217, 3), windowOf(401, 14, 1_217, 3), windowOf(401, 14, 1_216, 3)], 30_000),
    );
    expect([is, cause]).toEqual(["revert", "worse"]);
    expect(text).toBe(
      "41 of 1 203 requests failed on green, 9 of 3 650 on blue over the same 90 s; evidence 1 700 against, 100 needed; " +
        "more than 4.3 times as often as on blue",
    );
  });

  test("advances what is shown to be healthy", () => {
    expect(told(seenAll([windowOf(900, 0, 17_100, 9)]))).toEqual([
      "advance",
      "healthy",
      "0 of 900 requests failed on green, 9 of 17 100 on blue over the same 60 s; evidence 60 for it, 20 needed",
    ]);
  });

  test("holds while neither is shown, and says what is still needed", () => {
    expect(told(seenAll([windowOf(400, 0, 7_600, 0)]))).toEqual([
      "hold",
      "undecided",
      "0 of 400 requests failed on green, 0 of 7 600 on blue over the same 60 s; evidence 3.7 for it, 20 needed, " +
        "evidence 1 against, 100 needed; about 430 more requests on green at these rates",
    ]);
    expect(decide(seenAll([windowOf(400, 0, 7_600, 0)]), RULE).requestsNeeded).toBe(427);
    expect(decide(seenAll([windowOf(400, 20, 7_600, 20)]), RULE).requestsNeeded).toBeNull();
  });

  test("holds without traffic on an arm, whatever was shown before", () => {
    const healthy = seenAll([windowOf(900, 0, 17_100, 9)]);
    expect(told(seenAll([windowOf(0, 0, 500, 0)], 60_000, healthy))).toEqual([
      "hold",
      "no canary traffic",
      "no traffic on green in the last window: nothing to judge",
    ]);
    expect(told(seenAll([windowOf(500, 500, 0, 0)], 60_000, healthy)).slice(0, 2)).toEqual(["hold", "no stable traffic"]);
    expect(told(NO_COMPARISON).slice(0, 2)).toEqual(["hold", "nothing yet"]);
  });

  test("asks for health anew at each step, and forgets no harm", () => {
    const before = seenAll([windowOf(900, 5, 17_100, 9)]);
    const step = beginStep(before);
    expect(decide(step, RULE).logHealthy).toBe(0);
    expect(decide(step, RULE).logHarm).toBe(decide(before, RULE).logHarm);
    expect(told(step).slice(0, 2)).toEqual(["hold", "nothing yet"]);
  });

  test("is not moved by a shared incident", () => {
    const state = seenAll([...times(10, windowOf(100, 1, 1_900, 19)), ...times(5, windowOf(100, 50, 1_900, 950))]);
    expect(decide(state, RULE).is).not.toBe("revert");
    expect(decide(state, RULE).logHarm).toBeLessThan(0);
  });

  test("is a check's verdict: fail, pass or inconclusive", () => {
    const verdictOf = (window: Window) => compareVerdict("errors", decide(seenAll([window, window]), RULE), NAMES);
    expect(verdictOf(windowOf(500, 100, 9_500, 10))).toMatchObject({
      check: "errors",
      is: "fail",
      value: 0.2,
      samples: 1_000,
      windowMs: 120_000,
    });
    expect(verdictOf(windowOf(500, 0, 9_500, 10)).is).toBe("pass");
    expect(verdictOf(windowOf(50, 0, 950, 0)).is).toBe("inconclusive");
    expect(verdictOf(windowOf(0, 0, 950, 0))).toMatchObject({
      is: "inconclusive",
      value: null,
      limit: "evidence < 100 against green",
    });
  });

  test("may be passed over unproved only with enough requests and little against it", () => {
    const may = (window: Window) => mayAdvanceUnproved(decide(seenAll([window]), RULE), 100);
    expect(may(windowOf(100, 1, 1_900, 19))).toBe(true);
    expect(may(windowOf(99, 1, 1_900, 19))).toBe(false);
    expect(may(windowOf(100, 30, 1_900, 19))).toBe(false);
  });

  test("is the same from a store", () => {
    const counts = (most: number) => fc.nat(most).chain((n) => fc.record({ n: fc.constant(n), x: fc.nat(n) }));
    fc.assert(
      fc.property(fc.array(fc.record({ canary: counts(200), stable: counts(900) }), { maxLength: 8 }), (windows) => {
        const state = windows.reduce((each, one) => observeScrape(each, RULE, one, 5_000), seenAll(windows));
        const stored = JSON.parse(JSON.stringify(state)) as Comparison;
        expect(stored).toEqual(state);
        expect(decide(stored, RULE)).toEqual(decide(state, RULE));
        expect(JSON.stringify(decide(state, RULE))).not.toContain("null,null");
      }),
    );
  });
});

describe("an outage", () => {
  test("reverts with the scrape that shows 20 failed requests, before any window", () => {
    const state = observeScrape(NO_COMPARISON, RULE, windowOf(40, 38, 760, 1), 4_000);
    expect(told(state)).toEqual([
      "revert",
      "outage",
      "38 of 40 requests failed on green, 1 of 760 on blue over the same 4 s; evidence 10^42 against, 10^9 needed: an outage, plain before any window is full",
    ]);
  });

  const scrapes = (windows: readonly Window[]) =>
    windows.reduce((state, one) => observeOutage(state, RULE.allowed, one), NO_OUTAGE);

  test("needs a fifth of the latest requests to fail, not of all", () => {
    const quiet = times(200, windowOf(80, 1, 1_500, 15));
    expect(isOutage(scrapes([...quiet, ...times(3, windowOf(80, 80, 1_500, 15))]))).toBe(true);
    expect(isOutage(scrapes(times(2_000, windowOf(80, 8, 1_500, 15))))).toBe(false);
    expect(isOutage(scrapes([...times(3, windowOf(80, 80, 1_500, 15)), windowOf(80, 1, 1_500, 15)]))).toBe(false);
  });

  test("is seen as quickly after an hour of health as in the first minute", () => {
    const quiet = times(720, windowOf(83, 1, 1_583, 16));
    expect(isOutage(scrapes([...quiet, windowOf(83, 83, 1_583, 16)]))).toBe(true);
  });

  test("is seen across scrapes that hold a request or two each", () => {
    const one = windowOf(2, 2, 40, 0);
    expect(isOutage(scrapes(times(9, one)))).toBe(false);
    expect(isOutage(scrapes(times(10, one)))).toBe(true);
  });

  test("is none where stable fails as well", () => {
    expect(isOutage(scrapes(times(100, windowOf(50, 50, 950, 950))))).toBe(false);
  });
});

describe("the bound of the ratio of the rates", () => {
  test("is the largest ratio that a plain RatioE rejects together with all smaller ones", () => {
    const windows = times(3, windowOf(400, 20, 1_200, 5));
    const bound = rateRatioAbove(seenAll(windows).rateBound, 0.01);
    const factors = [1.25, 1.5, 2, 3, 5, 10, 30, 1e6];
    const rejected = RATE_RATIOS.map((rho) => slowPlain({ rho, delta: 0 }, factors, windows) >= 100);
    expect(bound).toBe(RATE_RATIOS[rejected.indexOf(false) - 1]);
    expect(bound).toBeGreaterThan(3);
    expect(rateRatioAbove(NO_COMPARISON.rateBound, 0.01)).toBeNull();
  });
});

describe("what a step can show", () => {
  const traffic = (canaryPerMinute: number, stableRate: number) => ({
    canaryPerS: canaryPerMinute / 60,
    stablePerS: (canaryPerMinute * 19) / 60,
    stableRate,
  });
  const smallest = (canaryPerMinute: number, stableRate: number, requests: number) =>
    smallestDetectable(RULE, traffic(canaryPerMinute, stableRate), (requests / canaryPerMinute) * 60_000, 60_000);

  test.each([
    [0.001, 0.002, 17_300],
    [0.001, 0.01, 476],
    [0.01, 0.02, 1_730],
  ])("from %d to %d takes about %d canary requests by the formula", (from, to, requests) => {
    expect(requestsToShow(from, to, 0.01) / requests).toBeCloseTo(1, 2);
  });

  test("agrees with the medians that the simulation measured", () => {
    const measured = [
      [100, 0.001, 823, 0.01],
      [100, 0.01, 2_552, 0.02],
      [100, 0.01, 400, 0.05],
      [1_000, 0.001, 25_927, 0.002],
    ] as const;
    for (const [perMinute, stableRate, requests, canaryRate] of measured) {
      const found = Number(smallest(perMinute, stableRate, requests));
      expect(Math.abs(found / canaryRate - 1)).toBeLessThan(0.2);
    }
  });

  test("is nothing in a step that is too short, or where an arm has no traffic", () => {
    expect(smallest(100, 0.01, 99)).toBeNull();
    expect(smallest(0, 0.01, 1_000)).toBeNull();
    expect(smallestDetectable(RULE, { canaryPerS: 10, stablePerS: 0, stableRate: 0.01 }, 600_000, 60_000)).toBeNull();
  });

  test("is health after 827 requests without a failure, and after more with some", () => {
    expect(requestsToAdvance(RULE, traffic(100, 0))).toBe(827);
    expect(requestsToAdvance({ ...RULE, harmful: { rho: 2, delta: 0.01 } }, traffic(100, 0))).toBe(414);
    expect(requestsToAdvance(RULE, { canaryPerS: 10, stablePerS: 0, stableRate: 0 })).toBeNull();
  });

  test("costs no more requests than until the scrape that shows it, and until nginx is changed", () => {
    const lost = (canaryPerS: number, stablePerS: number) =>
      mostLost(RULE.allowed, { canaryPerS, stablePerS, stableRate: 0.001 }, 1_000, 2_000);
    expect(lost(5, 95)).toBe(5 * (4 + 2));
    expect(lost(50, 50)).toBe(50 * (2 + 2) - 50);
    expect(lost(100, 0)).toBeNull();
  });
});

test.each([
  [Math.log(3_127), "3 100"],
  [Math.log(100), "100"],
  [0, "1"],
  [Math.log(0.0123), "0.012"],
  [50, "10^21"],
  [-50, "10^-21"],
])("evidence of e^%d reads %s", (log, text) => {
  expect(strength(log)).toBe(text);
});
