import { describe, expect, test } from "vitest";
import type { Histogram } from "../../src/analysis/slow-share.ts";
import {
  beginTrialStep,
  joinSeen,
  nothingSeen,
  observeFull,
  type Seen,
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
    expect(window).toMatchObject({ canary: { bounds: [0.1, 0.25, 0.5, 1], n: 400 } });
    expect(verdictOf(observeFull(seeing([like, like]), RULE, window, 60_000)).text).toMatch(
      /buckets of canary end at 0.1, 0.25, 0.5, 1/,
    );
  });

  test("keep what they showed where an arm has no requests, and may have no buckets yet", () => {
    const none: Histogram = { bounds: [], counts: [], n: 0 };
    const before = seeing([like, like]);
    const idle = observeFull(before, RULE, { of: "buckets", canary: none, stable: none }, 60_000);
    expect(verdictOf(idle)).toMatchObject({ is: "inconclusive", samples: verdictOf(before).samples });
    expect(verdictOf(observeFull(idle, RULE, { of: "buckets", canary: like, stable }, 60_000)).is).toBe("pass");
    expect(verdictOf(observeFull(startTrial("buckets"), RULE, { of: "buckets", canary: none, stable }, 60_000)).is).toBe(
      "inconclusive",
    );
  });
});

describe("events in the seconds of members", () => {
  const seeing = (canaryX: number, windows: number) => {
    const window = { of: "events", canary: { n: 120, x: canaryX }, stable: { n: 240, x: 1 } } as const;
    return new Array(windows)
      .fill(window)
      .reduce((trial: Trial, one) => observeFull(trial, RULE, one, 60_000), startTrial("events"));
  };

  test("need no least number of them, and pass when harm is ruled out", () => {
    const rule = { ...RULE, harmful: { rho: 2, delta: 0.05 } };
    expect(trialVerdict("restarts", seeing(0, 10), rule, NAMES, 600_000)).toMatchObject({
      is: "pass",
      value: 0,
      limit: "1.1 times blue",
      samples: null,
      text: expect.stringMatching(
        /^0 in 1 200 s of members on green, 10 in 2 400 s of members on blue over the same 10 min; evidence/,
      ),
    });
    expect(verdictOf(seeing(0, 1)).text).toMatch(/about [\d ]+ more seconds of members on green at these rates/);
  });

  test("fail where they happen more often", () => {
    expect(verdictOf(seeing(9, 4))).toMatchObject({
      is: "fail",
      text: expect.stringMatching(
        /^36 in 480 s of members on green, 4 in 960 s of members on blue over the same 240 s; evidence/,
      ),
    });
  });
});

describe("a gauge", () => {
  const block = (canary: number, stable: readonly number[] = [100, 102, 98]) => {
    const members = Object.fromEntries(stable.map((value, index) => [`10.0.0.${index}:80`, value]));
    return { of: "gauge", samples: new Array(5).fill({ canary, stable: members }) } as const;
  };
  const seeing = (blocks: readonly ReturnType<typeof block>[], rule = RULE) =>
    blocks.reduce((trial: Trial, one) => observeFull(trial, rule, one, 120_000), startTrial("gauge"));

  test("passes after a block in this step in which it was as on stable, and says what was compared", () => {
    expect(verdictOf(seeing([]))).toMatchObject({ is: "inconclusive", text: "nothing compared yet in this step" });
    const passed = seeing([block(101)]);
    expect(verdictOf(passed)).toMatchObject({
      is: "pass",
      limit: "blue + 20 %",
      text: "0 of 1 times more than 20 % higher on green than on blue; evidence 0.38 against, 100 needed",
    });
    expect(verdictOf(beginTrialStep(passed))).toMatchObject({ is: "inconclusive", suspicious: expect.any(String) });
  });

  test("fails after nine blocks in which it was higher, no sooner", () => {
    expect(verdictOf(seeing(new Array(8).fill(block(200)))).is).toBe("inconclusive");
    expect(verdictOf(seeing(new Array(9).fill(block(200))))).toMatchObject({
      is: "fail",
      text: expect.stringMatching(/^9 of 9 times/),
    });
  });

  test("may be higher by the margin of its rule, where that is more than a fifth", () => {
    // The first block does not know yet how much members differ, and allows half as much again.
    const blocks = new Array(16).fill(block(140));
    expect(verdictOf(seeing(blocks)).is).toBe("fail");
    const rule = { ...RULE, margin: 0.5 };
    expect(verdictOf(seeing(blocks, rule), rule)).toMatchObject({ is: "pass", limit: "blue + 50 %" });
  });

  test("is compared by differences once it was 0 or less", () => {
    const signed = seeing(new Array(9).fill(block(30, [-10, -10.5, -9.5])));
    expect(signed).toMatchObject({ scale: "signed", gauge: { blocks: 9, ups: 9 } });
    const turned = observeFull(seeing([block(101)]), RULE, block(101, [100, 0, 98]), 120_000);
    expect(turned).toMatchObject({ scale: "signed", gauge: { blocks: 2 } });
  });

  test("says nothing of a block without reads", () => {
    expect(seeing([{ of: "gauge", samples: [] }])).toEqual(seeing([]));
    expect(joinSeen(block(1), nothingSeen("gauge"))).toEqual(block(1));
  });
});

test("what was seen of one kind cannot be taken for another", () => {
  expect(() => observeFull(startTrial("failures"), RULE, nothingSeen("latencies"), 1)).toThrow(
    /latencies were seen where failures are/,
  );
  expect(() => joinSeen(nothingSeen("failures"), nothingSeen("buckets"))).toThrow(/cannot be joined/);
});

describe("a last window without latencies of an arm", () => {
  const like = requests(2_000, [0.3, 0.05, 0.01]);
  const few = requests(0, [0, 0, 0]);
  test.each([
    ["latencies", { canary: [200], stable: [2_000] }, [[], []]],
    ["buckets", { canary: like, stable: like }, [few, few]],
  ] as const)("passes nothing, and the next one with both does (%s)", (of, both, [canary, stable]) => {
    const see = (trial: Trial, more: object) => observeFull(trial, RULE, { of, ...both, ...more } as Seen, 60_000);
    const passed = see(see(startTrial(of), {}), {});
    expect(verdictOf(passed)).toMatchObject({ is: "pass" });
    expect(verdictOf(see(passed, { canary }))).toMatchObject({
      is: "inconclusive",
      text: "no latency on green in the last window: nothing to judge",
      suspicious: expect.any(String),
    });
    expect(verdictOf(see(passed, { stable })).text).toBe("no latency on blue in the last window: nothing to compare with");
    expect(verdictOf(see(see(passed, { canary, stable }), {}))).toMatchObject({ is: "pass" });
  });
});
