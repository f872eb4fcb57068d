import { beforeEach, describe, expect, it } from "vitest";
import type { Compared } from "../../src/controller/comparing.ts";
import type { Check } from "../../src/core/check.ts";
import { comparedSettings, House } from "./house.ts";

let house: House;
beforeEach(() => {
  house = new House();
  house.settings = comparedSettings();
  house.requests = { blue: 2_000, green: 500 };
});

const verdict = () => house.rollout.verdicts.errors?.verdict;
const stored = () => house.disk.value<Compared>(`evidence/${house.rollout.id}/errors:compared`) as Compared;
const labelNow = () => {
  const { plan, phase } = house.rollout;
  if (phase.phase !== "moving") throw new Error(`it is ${phase.phase}`);
  return plan[phase.cursor.step]?.label;
};
/** What is stored of a comparison of failures. */
const compared = () => {
  const { trial, open, ...rest } = stored();
  if (trial.of !== "failures" || open.seen.of !== "failures") throw new Error("failures are compared");
  return { ...rest, comparison: trial.comparison, open: open.seen };
};

describe("comparing with stable", () => {
  it("lets a good canary go to the end, and leaves nothing behind", async () => {
    house.errorRatio = 0.01;
    await house.canary();
    await house.pass(90_000);
    expect(house.rollout.phase.phase).toBe("promoted");
    expect(house.disk.below("evidence/")).toEqual([]);
  });

  it("says what is still missing before a window is full, and before there is enough", async () => {
    house.requests = { blue: 200, green: 50 };
    await house.canary();
    await house.pass(4_000);
    expect(verdict()).toMatchObject({ is: "inconclusive", text: expect.stringMatching(/first window fills: \d s of 6 s/) });
    await house.pass(5_000);
    expect(verdict()).toMatchObject({
      is: "inconclusive",
      text: expect.stringMatching(
        /0 of 150 requests failed on green, 0 of 600 on blue .* about \d+ more requests on green .* \d+ s at this rate/,
      ),
    });
    await house.pass(5_000);
    expect(house.rollout.phase).toMatchObject({ phase: "moving", cursor: { step: 0, stage: { at: "held" } } });
  });

  it("sends a bad one back after a few windows, and says why", async () => {
    house.stableErrorRatio = 0.01;
    house.errorRatio = 0.06;
    await house.canary();
    await house.pass(30_000);
    expect(house.rollout.phase).toMatchObject({
      phase: "reverted",
      cause: expect.stringMatching(/requests failed on green, .* on blue .*; evidence .* against, 100 needed/),
    });
    expect(house.green).toBe(0);
  });

  it("sends one that is plainly down back at once, before any window is full", async () => {
    house.stableErrorRatio = 0;
    house.errorRatio = 0.6;
    await house.canary();
    await house.pass(2_500);
    expect(house.rollout.phase).toMatchObject({ phase: "reverted", cause: expect.stringContaining("an outage") });
  });

  it("does not blame it for what both pools suffer", async () => {
    await house.canary();
    await house.pass(4_000);
    house.errorRatio = 0.4;
    await house.pass(90_000);
    expect(house.rollout.phase.phase).toBe("promoted");
  });

  it("rule 9: a kill in between counts nothing twice, and loses nothing", async () => {
    house.requests = { blue: 40, green: 10 };
    await house.canary();
    await house.pass(7_300);
    await house.boot();
    await house.pass(2_500);
    await house.boot();
    await house.pass(8_000);
    const { comparison, open } = compared();
    // The first read of a step has nothing before it.
    expect(comparison.rollout.canary.n + open.canary.n).toBe(10 * ((house.reads.green ?? 0) - 1));
    expect(comparison.rollout.stable.n + open.stable.n).toBe(40 * ((house.reads.blue ?? 0) - 1));
    expect(comparison.scraped.canary.n).toBe(10 * ((house.reads.green ?? 0) - 1));
  });

  it("counts nothing while one of the pools cannot be read, and goes on with both", async () => {
    house.errorRatio = 0.01;
    await house.canary();
    house.unreadable = "blue";
    await house.pass(20_000);
    expect(verdict()).toMatchObject({ is: "error", text: "the page answered 500" });
    expect(compared().comparison.scraped.canary.n).toBeLessThanOrEqual(500);
    house.unreadable = null;
    await house.pass(90_000);
    expect(house.rollout.phase.phase).toBe("promoted");
  });

  it("has to show health anew in each step, and keeps the evidence of harm", async () => {
    await house.canary();
    await house.pass(13_000);
    expect(house.rollout.phase).toMatchObject({ phase: "moving", cursor: { step: 1 } });
    const { comparison, entry } = compared();
    expect(entry).toBe(2);
    expect(comparison.step.windows).toBe(0);
    expect(comparison.rollout.windows).toBeGreaterThan(0);
  });

  it("takes a window that is half full by the end of its step for evidence of harm", async () => {
    await house.canary();
    await house.pass(13_000);
    const { comparison, to } = compared();
    expect(comparison.rollout.windows).toBe(2);
    expect(comparison.rollout.ms).toBeGreaterThanOrEqual(10_000);
    expect(to).toBeGreaterThan(0);
  });

  it("has a fixed bound or nobody decide where all the traffic is on the candidate", async () => {
    const settings = comparedSettings();
    if (settings.canary === null) throw new Error("there is a canary");
    const steps = settings.canary.steps.map((step, index) => (index === 0 ? step : { ...step, share: 10_000 }));
    house.settings = { ...settings, canary: { ...settings.canary, steps } };
    await house.canary();
    await house.pass(9_000);
    house.requests = { blue: 0, green: 2_500 };
    await house.pass(40_000);
    expect(house.rollout.phase.phase).toBe("promoted");
    expect(house.rollout.plan.map(({ needs }) => needs)).toEqual([["errors"], [], []]);
  });

  describe("in a bake", () => {
    beforeEach(async () => {
      const settings = comparedSettings();
      if (settings.canary === null) throw new Error("there is a canary");
      const bound: Check = { name: "bound", metric: "errors", rule: { kind: "below", bound: 0.9 }, minRequests: 1 };
      house.settings = {
        ...settings,
        canary: { ...settings.canary, checks: [...settings.canary.checks, bound], bakeMs: 40_000 },
      };
      house.errorRatio = 0.01;
      await house.canary();
      while (labelNow() !== "bake") await house.pass(2_000);
      house.requests = { blue: 0, green: 2_500 };
    });

    it("holds the candidate against what stable did before, and says that this is not at the same time", async () => {
      await house.pass(20_000);
      expect(verdict()).toMatchObject({
        is: "inconclusive",
        limit: "blue + 10 %, recorded before",
        text: expect.stringMatching(
          /^[\d ]+ of [\d ]+ requests failed on green since it has all the traffic, [\d ]+ of [\d ]+ on blue in the steps before \(recorded, not at the same time; [\d.]+ % at the most\); evidence/,
        ),
      });
      await house.pass(40_000);
      expect(house.rollout.phase.phase).toBe("promoted");
    });

    it("sends back a candidate that turns bad only then", async () => {
      house.errorRatio = 0.04;
      await house.pass(36_000);
      expect(house.rollout.phase).toMatchObject({
        phase: "reverted",
        cause: expect.stringMatching(/^errors: .*\(recorded, not at the same time; .* against, 200 needed$/),
      });
    });

    it("sends back one that is plainly down before any window is full", async () => {
      house.errorRatio = 0.6;
      await house.pass(5_000);
      expect(house.rollout.phase).toMatchObject({ phase: "reverted", cause: expect.stringMatching(/recorded.*: an outage$/) });
    });

    it("uses what was recorded of stable as it was when the traffic left it, over a kill too", async () => {
      await house.pass(7_000);
      const before = stored();
      await house.boot();
      await house.pass(12_000);
      const after = stored();
      if (before.trial.of !== "failures" || after.trial.of !== "failures") throw new Error("failures are compared");
      expect(after.trial.aftermath?.windows.stable).toEqual(before.trial.aftermath?.windows.stable);
      expect(after.trial.aftermath?.full.n).toBeGreaterThan(before.trial.aftermath?.full.n ?? Number.NaN);
      expect(after.trial.comparison.rollout).toEqual(before.trial.comparison.rollout);
    });
  });

  it.each([
    [100, "promoted"],
    [100_000, "moving"],
  ])("goes on without a pass, where `hold` says so, only after %i requests: %s", async (minRequests, phase) => {
    const settings = comparedSettings();
    if (settings.canary === null) throw new Error("there is a canary");
    const { checks } = settings.canary;
    house.settings = {
      ...settings,
      canary: {
        ...settings.canary,
        checks: checks.map((check) => ({ ...check, minRequests })),
        hold: { atMostMs: 5_000, then: "advance" },
      },
    };
    house.requests = { blue: 200, green: 50 };
    await house.canary();
    await house.pass(60_000);
    expect(house.rollout.phase.phase).toBe(phase);
  });

  it.each([
    ["60 s", 10],
    ["30 s", 100],
  ])("compares windows of %s at %i requests of the candidate in two seconds", async (needed, green) => {
    const settings = comparedSettings();
    const { errors } = settings.metrics;
    if (errors === undefined || settings.canary === null) throw new Error("there is a metric, and a canary");
    const steps = [{ kind: "share", share: 2_000, forMs: 200_000, needs: null, hold: null }] as const;
    const canary = { ...settings.canary, steps };
    house.settings = { ...settings, canary, metrics: { errors: { ...errors, windowMs: 30_000 } } };
    house.requests = { blue: 400, green };
    await house.canary();
    await house.pass(20_000);
    expect(verdict()?.text).toContain(`of ${needed}`);
    await house.pass(14_000);
    expect(compared().comparison.rollout.windows).toBe(needed === "30 s" ? 1 : 0);
    await house.pass(32_000);
    expect(compared().comparison.rollout.windows).toBe(needed === "30 s" ? 2 : 1);
  });

  it("holds without traffic, and neither goes on nor back", async () => {
    house.requests = { blue: 2_000, green: 0 };
    await house.canary();
    await house.pass(60_000);
    expect(house.rollout.phase).toMatchObject({ phase: "moving", cursor: { step: 0, stage: { at: "held" } } });
    expect(verdict()?.text).toMatch(/no traffic on green/);
  });

  it("only shows what an advisory check says", async () => {
    house.settings = comparedSettings({ level: "advisory" });
    house.stableErrorRatio = 0;
    house.errorRatio = 0.6;
    await house.canary();
    await house.pass(60_000);
    expect(house.rollout.phase.phase).toBe("promoted");
    expect(verdict()).toMatchObject({ is: "fail" });
  });
});
