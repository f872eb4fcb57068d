import { describe, expect, it } from "vitest";
import { bucketed } from "../../src/analysis/latency-buckets.ts";
import { observeFull, observeRead, type Seen, startTrial, type Trial, type TrialRule } from "../../src/analysis/trial.ts";
import { countedOf, evidenceOf, isOutageNow, numbersOf } from "../../src/analysis/trial-numbers.ts";

const RULE: TrialRule = {
  allowed: { rho: 1.1, delta: 0 },
  harmful: { rho: 2, delta: 0.005 },
  alpha: 0.01,
  beta: 0.05,
  margin: 0.1,
  minRequests: 100,
};

const failures = (n: number, x: number, stableN: number, stableX: number): Seen => ({
  of: "failures",
  canary: { n, x },
  stable: { n: stableN, x: stableX },
});

describe("the numbers of a comparison of failures", () => {
  it("are the counts of the step, the evidence, what decides, and the requests that are still needed", () => {
    const trial = observeFull(startTrial("failures"), RULE, failures(50, 0, 950, 0), 60_000);
    const numbers = numbersOf(trial, RULE);
    expect(numbers).toMatchObject({
      canary: { n: 50, x: 0 },
      stable: { n: 950, x: 0 },
      logHarmNeeded: Math.log(100),
      logHealthyNeeded: Math.log(20),
      outage: false,
      ms: 60_000,
      slowMs: null,
    });
    expect(evidenceOf(trial)).toEqual({ logHarm: numbers.logHarm, logHealthy: numbers.logHealthy });
    // 827 requests at a share of 5 %, by the method.
    expect((numbers.requestsNeeded ?? 0) + 50).toBe(827);
  });

  it("ask for the least number of requests where the evidence alone would be enough sooner", () => {
    const trial = observeFull(startTrial("failures"), RULE, failures(50, 0, 950, 0), 60_000);
    expect(numbersOf(trial, { ...RULE, beta: 0.5, minRequests: 5_000 }).requestsNeeded).toBe(4_950);
  });

  it("are those of all reads where an outage was decided on", () => {
    let trial: Trial = startTrial("failures");
    for (let read = 0; read < 3; read++) trial = observeRead(trial, RULE, failures(20, 20, 380, 0), 1_000);
    expect(isOutageNow(trial)).toBe(true);
    const numbers = numbersOf(trial, RULE);
    expect(numbers.logHarm).toBeGreaterThanOrEqual(numbers.logHarmNeeded);
    expect(numbers).toMatchObject({
      outage: true,
      logHarmNeeded: Math.log(1e9),
      logHealthy: null,
      logHealthyNeeded: null,
      ms: 3_000,
      canary: { n: 60, x: 60 },
      stable: { n: 1_140, x: 0 },
    });
  });
});

describe("the numbers of a comparison of latencies", () => {
  const usual = Array.from({ length: 1_000 }, (_, index) => index / 10);
  const seen = (canary: readonly number[]): Seen => ({ of: "latencies", canary: bucketed(canary), stable: bucketed(usual) });

  it("count what is slower than most of stable was, in a window and in the step", () => {
    const slow = seen(usual.map((ms) => ms + 60));
    const past = observeFull(startTrial("latencies"), RULE, seen([]), 60_000);
    const counted = countedOf(slow, past);
    expect(counted.stable.x / counted.stable.n).toBeLessThanOrEqual(0.05);
    expect(counted.canary.x / counted.canary.n).toBeGreaterThan(0.5);
    expect(counted.slowMs).toBeGreaterThan(90);
    const trial = observeFull(past, RULE, slow, 60_000);
    const numbers = numbersOf(trial, RULE);
    expect(numbers.logHarm).toBeGreaterThan(0);
    expect(numbers).toMatchObject({ logHealthy: null, logHealthyNeeded: null, outage: false, requestsNeeded: 0 });
    expect(numbers.canary.x).toBeGreaterThan(numbers.stable.x);
  });

  it("say how many requests are missing before it may pass", () => {
    const past = observeFull(startTrial("latencies"), RULE, seen([]), 60_000);
    const trial = observeFull(past, RULE, seen(usual.slice(0, 30)), 60_000);
    expect(numbersOf(trial, RULE).requestsNeeded).toBe(70);
  });
});
