import { beforeEach, describe, expect, it } from "vitest";
import type { Evidence, MetricSource } from "../../src/core/ports.ts";
import type { Metric } from "../../src/core/service.ts";
import { simulatedMetrics } from "../simulation/metrics.ts";
import { quiet } from "../simulation/timeline.ts";
import { commandMetric } from "../support/numbers.ts";
import { House, plainSettings } from "./house.ts";

/** A house that judges by `errors`, read every 2 s, and by `load`, read every 5 s, from which `answer` says what there is. */
function houseWith(answer: (metric: Metric, evidence: () => Evidence) => Promise<Evidence>, ratio: () => number) {
  const house = new House();
  const settings = plainSettings();
  const pages = simulatedMetrics(ratio, () => true);
  const load = { ...commandMetric(["load"]), name: "load", intervalMs: 5_000, windowMs: 6_000 };
  const check = { name: "load", metric: "load", rule: { kind: "below", bound: 3 }, minRequests: 1 } as const;
  const { canary } = settings;
  if (canary === null) throw new Error("the simulated service has a canary");
  house.settings = {
    ...settings,
    metrics: { ...settings.metrics, load },
    canary: { ...canary, checks: [...canary.checks, check] },
  };
  const metrics: MetricSource = {
    sample: async (metric, subject, before, now) => {
      if (metric.source === "scrape") return pages.sample(metric, subject, before, now);
      const slices = [{ from: now.t - metric.windowMs, to: now.t, counts: { value: 1 } }];
      return answer(metric, () => ({ metric: metric.name, last: {}, slices, problem: null, lacking: null }));
    },
    measure: (metric, evidence, from, to) => {
      if (metric.source === "scrape") return pages.measure(metric, evidence, from, to);
      const { problem, lacking } = evidence;
      return { value: 1, samples: null, from, to, problem, lacking };
    },
  };
  house.metrics = { ...metrics, arms: () => null };
  return house;
}

describe("metrics of different paces", () => {
  let reads: number[] = [];
  beforeEach(() => {
    reads = [];
  });

  it("are read no more often than they say", async () => {
    const house = houseWith(
      async (_metric, evidence) => {
        reads.push(house.timeline.t);
        return evidence();
      },
      () => 0,
    );
    await house.canary();
    await house.pass(9_000);
    expect(reads.slice(1).map((t, index) => t - (reads[index] ?? 0))).toEqual([5_000]);
  });

  it("do not wait for each other: a bad release goes back while another source hangs", async () => {
    const house = houseWith(
      () => new Promise(() => {}),
      () => 0.5,
    );
    await house.canary();
    await house.pass(5_000);
    expect(house.rollout.phase).toMatchObject({ phase: "reverted", cause: expect.stringContaining("errors") });
  });

  it("leave nothing behind where an answer comes after the end", async () => {
    const late: (() => void)[] = [];
    const house = houseWith(
      (_metric, evidence) => new Promise((resolve) => late.push(() => resolve(evidence()))),
      () => 0.5,
    );
    await house.canary();
    await house.pass(5_000);
    expect(house.rollout.phase.phase).toBe("reverted");
    expect(late.length).toBeGreaterThan(0);
    for (const answer of late) answer();
    await quiet();
    await quiet();
    expect(house.disk.below("evidence/")).toEqual([]);
    expect(house.complaints).toEqual([]);
  });
});
