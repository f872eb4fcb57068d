import { describe, expect, expectTypeOf, test } from "vitest";
import { type BoundInput, judgeBound } from "../../src/analysis/bounds.ts";
import type { Unit, Verdict } from "../../src/analysis/verdict.ts";
import type { BoundRule, Check } from "../../src/core/check.ts";
import type { Measurement } from "../../src/core/ports.ts";
import type { Verdict as CoreVerdict } from "../../src/core/rollout.ts";
import type { unitOf } from "../../src/core/service.ts";

type Given = {
  value?: number | null;
  samples?: number | null;
  from?: number | null;
  to?: number | null;
  problem?: string | null;
  lacking?: string | null;
  now?: number;
  rule?: "above" | "below";
  bound?: number;
  unit?: Unit;
};

/** A step that began at 100 s, a window of 30 s, at least 50 requests, a limit of 2 %; it is now 130 s. */
function judged(given: Given): Verdict {
  return judgeBound({
    check: { name: "errors", rule: { kind: given.rule ?? "below", bound: given.bound ?? 0.02 }, minRequests: 50 },
    unit: given.unit ?? "ratio",
    measurement: {
      value: given.value === undefined ? 0.01 : given.value,
      samples: given.samples === undefined ? 412 : given.samples,
      from: given.from === undefined ? 100_000 : given.from,
      to: given.to === undefined ? 130_000 : given.to,
      problem: given.problem ?? null,
      lacking: given.lacking ?? null,
    },
    windowMs: 30_000,
    since: 100_000,
    now: given.now ?? 130_000,
  });
}

describe("judging by a fixed bound", () => {
  test.each<[string, Given, Verdict["is"], string]>([
    ["a full window within the limit", {}, "pass", "1 % of 412 requests in 30 s, limit < 2 %"],
    ["a broken limit", { value: 0.023 }, "fail", "2.3 % of 412 requests in 30 s, limit < 2 %"],
    ["the limit exactly", { value: 0.02 }, "fail", "2 % of 412 requests in 30 s, limit < 2 %"],
    ["a hair below the limit", { value: 0.0199999 }, "pass", "1.99999 % of 412 requests in 30 s, limit < 2 %"],
    [
      "a broken limit on a short window",
      { value: 0.5, to: 105_000, samples: 50, now: 105_000 },
      "fail",
      "50 % of 50 requests in 5 s, limit < 2 %",
    ],
    [
      "a broken limit with too few requests",
      { value: 0.5, samples: 49 },
      "inconclusive",
      "49 of at least 50 requests in 30 s, 50 % so far, limit < 2 %",
    ],
    ["one request too few", { samples: 49 }, "inconclusive", "49 of at least 50 requests in 30 s, 1 % so far, limit < 2 %"],
    ["exactly enough requests", { samples: 50 }, "pass", "1 % of 50 requests in 30 s, limit < 2 %"],
    ["a window one millisecond short", { to: 129_999 }, "inconclusive", "29 s of 30 s, 1 % of 412 requests so far, limit < 2 %"],
    [
      "a window that is not full",
      { to: 118_000, now: 118_000 },
      "inconclusive",
      "18 s of 30 s, 1 % of 412 requests so far, limit < 2 %",
    ],
    [
      "both missing",
      { to: 118_000, now: 118_000, samples: 31 },
      "inconclusive",
      "31 of at least 50 requests, 18 s of 30 s, 1 % so far, limit < 2 %",
    ],
    ["a window that began before the step", { from: 99_999 }, "inconclusive", "the window began before this step, limit < 2 %"],
    [
      "a broken limit from before the step",
      { value: 0.5, from: 99_999 },
      "inconclusive",
      "the window began before this step, limit < 2 %",
    ],
    [
      "evidence that is old",
      { now: 160_001 },
      "inconclusive",
      "the newest evidence is 30 s old, older than the window of 30 s, limit < 2 %",
    ],
    [
      "nothing measured yet",
      { value: null, samples: 0, from: null, to: null },
      "inconclusive",
      "nothing measured yet in this step: 0 s of 30 s, limit < 2 %",
    ],
    ["no requests", { value: null, samples: 0 }, "inconclusive", "0 of at least 50 requests in 30 s, limit < 2 %"],
    [
      "broken evidence",
      { value: null, samples: 0, problem: "10.0.0.1:80/metrics answered 503, wants 200" },
      "error",
      "10.0.0.1:80/metrics answered 503, wants 200, limit < 2 %",
    ],
    ["broken evidence beside a good number", { problem: "one page is gone" }, "error", "one page is gone, limit < 2 %"],
    [
      "a broken limit beside broken evidence",
      { value: 0.5, problem: "one page is gone" },
      "fail",
      "50 % of 412 requests in 30 s (not all could be read: one page is gone), limit < 2 %",
    ],
    ["a value that is no number", { value: Number.NaN }, "error", "the value is NaN, not a number, limit < 2 %"],
    ["an infinite value", { value: Infinity }, "error", "the value is Infinity, not a number, limit < 2 %"],
    ["a number that nobody counts requests for", { samples: null }, "pass", "1 % in 30 s, limit < 2 %"],
    ["a broken limit that nobody counts requests for", { samples: null, value: 0.5 }, "fail", "50 % in 30 s, limit < 2 %"],
    [
      "such a number from before the step",
      { samples: null, value: 0.5, from: 99_999 },
      "inconclusive",
      "the window began before this step, limit < 2 %",
    ],
    [
      "no number yet, and a reason",
      { samples: null, value: null, from: null, to: null, lacking: "the query has no result" },
      "inconclusive",
      "the query has no result, limit < 2 %",
    ],
    ["a plain number", { unit: "number", samples: null, bound: 3, value: 2.5 }, "pass", "2.5 in 30 s, limit < 3"],
    ["above its limit", { rule: "above", bound: 0.97, value: 0.98 }, "pass", "98 % of 412 requests in 30 s, limit > 97 %"],
    ["not above its limit", { rule: "above", bound: 0.97, value: 0.97 }, "fail", "97 % of 412 requests in 30 s, limit > 97 %"],
    ["a quantile", { unit: "quantile", bound: 0.3, value: 0.1234567 }, "pass", "0.1235 of 412 observations in 30 s, limit < 0.3"],
    ["a share in an odd bound", { bound: 0.07, value: 0.0712345 }, "fail", "7.123 % of 412 requests in 30 s, limit < 7 %"],
  ])("given %s", (_name, given, is, text) => {
    expect({ is: judged(given).is, text: judged(given).text }).toEqual({ is, text });
  });

  test("keeps the numbers it judged from, and never one that JSON cannot hold", () => {
    expect(judged({ value: 0.5 })).toMatchObject({ check: "errors", value: 0.5, limit: "< 2 %", samples: 412, windowMs: 30_000 });
    expect(judged({ value: Number.NaN }).value).toBeNull();
  });

  test("does not pass on no requests, even where none are asked for", () => {
    const input: BoundInput = {
      check: { name: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 0 },
      unit: "ratio",
      measurement: { value: null, samples: 0, from: 0, to: 30_000, problem: null, lacking: null },
      windowMs: 30_000,
      since: 0,
      now: 30_000,
    };
    expect(judgeBound(input)).toMatchObject({ is: "inconclusive", text: "no requests in 30 s, limit < 2 %" });
  });
});

test("the words of the analysis fit those of the core", () => {
  expectTypeOf<Check & { rule: BoundRule }>().toExtend<BoundInput["check"]>();
  expectTypeOf<Measurement>().toExtend<BoundInput["measurement"]>();
  expectTypeOf<Verdict>().toExtend<CoreVerdict>();
  expectTypeOf<ReturnType<typeof unitOf>>().toExtend<Unit>();
});
