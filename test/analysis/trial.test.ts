import { describe, expect, test } from "vitest";
import type { Histogram } from "../../src/analysis/slow-share.ts";
import {
  beginTrialStep,
  joinSeen,
  nothingSeen,
  observeFull,
  startTrial,
  type Trial,
  type TrialRule,
} from "../../src/analysis/trial.ts";
import { trialVerdict } from "../../src/analysis/trial-verdict.ts";

const RULE: TrialRule = {
  allowed: { rho: 1.1, delta: 0 },
  harmful: { rho: 2, delta: 0.005 },
  alpha: 0.01,
  beta: 0.05,
  margin: 0.1,
  minRequests: 100,
};
const NAMES = { canary: "green", stable: "blue" };

const verdictOf = (trial: Trial, rule = RULE) => trialVerdict("slow", trial, rule, NAMES, 60_000);

/** Requests of which a part takes longer than .1, .5 and 1 s. */
const requests = (n: number, slow: readonly [number, number, number], bounds: readonly number[] = [0.1, 0.5, 1]): Histogram => ({
  bounds,
  counts: slow.map((part) => n - Math.round(n * part)),
  n,
});

describe("requests by the buckets of a histogram", () => {
  const stable = requests(2_000, [0.3, 0.05, 0.01]);
  const seeing = (canaries: readonly Histogram[]) =>
    canaries.reduce(
      (trial: Trial, canary) => observeFull(trial, RULE, { of: "buckets", canary, stable }, 60_000),
      startTrial("buckets"),
    );
  const like = requests(200, [0.3, 0.05, 0.01]);

  test("pass after enough of them in this step, where nothing speaks against the canary", () => {
    expect(verdictOf(seeing([like]))).toMatchObject({
      is: "inconclusive",
      text: "latency of 0 of 100 requests on green so far",
      suspicious: expect.any(String),
    });
    const passed = seeing([like, like]);
    expect(verdictOf(passed)).toMatchObject({ is: "pass", limit: "blue + 25 %", samples: 200 });
    expect(verdictOf(passed)).not.toHaveProperty("suspicious");
    expect(verdictOf(beginTrialStep(passed))).toMatchObject({ is: "inconclusive", samples: 0 });
  });

  test("fail where the slow ones are more than a quarter more, and say at which bound", () => {
    const slow = requests(200, [0.3, 0.05, 0.04]);
    expect(verdictOf(seeing(new Array(12).fill(slow)))).toMatchObject({
      is: "fail",
      text: expect.stringMatching(
        /^88 of 2 200 requests took more than 1 on green, 220 of 22 000 on blue; evidence .* against, 100 needed$/,
      ),
    });
  });

  test("hold where the bounds differ, and say which", () => {
    expect(verdictOf(seeing([like, like, requests(200, [0.3, 0.05, 0.01], [0.1, 0.25, 1])]))).toMatchObject({
      is: "inconclusive",
      text: "the buckets of canary end at 0.1, 0.25, 1, not at 0.1, 0.5, 1: nothing can be compared",
      suspicious: expect.any(String),
    });
  });

  test("hold where the bounds changed in the middle of a window", () => {
    const half = { of: "buckets", canary: like, stable } as const;
    const other = { ...half, canary: requests(200, [0.3, 0.05, 0.01], [0.1, 0.25, 1]) };
    const window = [half, other].reduce((all, one) => joinSeen(all, one), nothingSeen("buckets"));
    expect(window.canary).toMatchObject({ bounds: [0.1, 0.25, 0.5, 1], n: 400 });
    expect(verdictOf(observeFull(seeing([like, like]), RULE, window, 60_000)).text).toMatch(
      /buckets of canary end at 0.1, 0.25, 0.5, 1/,
    );
  });

  test("say nothing where an arm has no requests, and may have no buckets yet", () => {
    const none: Histogram = { bounds: [], counts: [], n: 0 };
    const before = seeing([like, like]);
    const idle = observeFull(before, RULE, { of: "buckets", canary: none, stable: none }, 60_000);
    expect(verdictOf(idle)).toEqual(verdictOf(before));
    expect(verdictOf(observeFull(startTrial("buckets"), RULE, { of: "buckets", canary: none, stable }, 60_000)).is).toBe(
      "inconclusive",
    );
  });
});

test("what was seen of one kind cannot be taken for another", () => {
  expect(() => observeFull(startTrial("failures"), RULE, nothingSeen("latencies"), 1)).toThrow(
    /latencies were seen where failures are/,
  );
  expect(() => joinSeen(nothingSeen("failures"), nothingSeen("buckets"))).toThrow(/cannot be joined/);
});
