import { beforeEach, describe, expect, it } from "vitest";
import { bucketed } from "../../src/analysis/latency-buckets.ts";
import type { Compared } from "../../src/controller/comparing.ts";
import type { CountingSource } from "../../src/core/ports.ts";
import type { NginxMetric } from "../../src/core/service.ts";
import type { Ms } from "../../src/core/units.ts";
import { comparedSettings, House } from "./house.ts";

const METRIC: NginxMetric = {
  name: "errors",
  source: "nginx",
  measure: "latency",
  quantile: 0.95,
  sample: 10_000,
  intervalMs: 2_000,
  timeoutMs: 1_000,
  windowMs: 6_000,
};

/** How long a request takes, by its number: 10 to 29 ms, on either pool. */
const usual = (index: number): Ms => 10 + (index % 20);

/** A log that tells of both pools: so many requests between two reads, each as slow as it is told. */
class Log {
  blue = 1_000;
  green = 100;
  slow: (index: number) => Ms = usual;
  margins = new Set<number>();

  readonly source: CountingSource = {
    sample: async (metric, { pool, margins }, before, now) => {
      for (const margin of margins ?? []) this.margins.add(margin);
      const from = before?.last[pool]?.t ?? now.t;
      const slices = [...(before?.slices ?? []), { from, to: now.t, counts: { blue: this.blue, green: this.green } }];
      return {
        metric: metric.name,
        last: { [pool]: { t: now.t, started: null, series: {} } },
        slices,
        problem: null,
        lacking: null,
      };
    },
    arms: (_metric, { canary }, from, margin) => {
      const slice = canary.evidence.slices.find((one) => one.from >= from && one.to > one.from);
      if (slice === undefined) return null;
      const taken = (count: number, ms: (index: number) => Ms) => Array.from({ length: count }, (_, index) => ms(index));
      const { blue = 0, green = 0 } = slice.counts;
      return {
        from: slice.from,
        to: slice.to,
        of: "latencies",
        canary: bucketed(taken(green, this.slow), margin),
        stable: bucketed(taken(blue, usual)),
      };
    },
    measure: () => ({ value: null, samples: 0, from: null, to: null, problem: null, lacking: null }),
  };
}

let house: House;
let log: Log;
beforeEach(() => {
  house = new House();
  log = new Log();
  house.metrics = log.source;
  house.settings = { ...comparedSettings({ margin: 0.2 }), metrics: { errors: METRIC } };
});

const verdict = () => house.rollout.verdicts.errors?.verdict;
const compared = () => house.disk.value<Compared>(`evidence/${house.rollout.id}/errors:compared`) as Compared;

describe("latencies compared with stable", () => {
  it("let a canary that is as quick go to the end", async () => {
    await house.canary();
    await house.pass(60_000);
    expect(house.rollout.phase.phase).toBe("promoted");
  });

  it("send one back that is slow in its tail alone, and say where", async () => {
    log.slow = (index) => (index % 33 === 0 ? 900 : usual(index));
    await house.canary();
    await house.pass(60_000);
    expect(house.rollout.phase).toMatchObject({
      phase: "reverted",
      cause: expect.stringMatching(
        /^errors: [\d ]+ of [\d ]+ requests took more than \d+ ms on green, [\d ]+ of [\d ]+ more than \d+ ms on blue; evidence .* against, 100 needed/,
      ),
    });
  });

  it("take the check's own margin off the candidate", async () => {
    log.slow = (index) => 1.15 * usual(index);
    await house.canary();
    await house.pass(60_000);
    expect(house.rollout.phase.phase).toBe("promoted");
    expect([...log.margins]).toEqual([0.2]);
  });

  it("hold where too few requests were seen, or too few of stable's to know what is slow", async () => {
    log.green = 10;
    await house.canary();
    await house.pass(12_000);
    expect(verdict()).toMatchObject({
      is: "inconclusive",
      text: expect.stringMatching(/^latency of \d+ of 100 requests on green so far/),
    });
    log.blue = 10;
    house.settings = { ...house.settings, name: "web" };
    expect(house.rollout.phase).toMatchObject({ phase: "moving", cursor: { step: 0 } });
    await house.command("abort");
    await house.pass(5_000);
    await house.canary();
    await house.pass(12_000);
    expect(verdict()).toMatchObject({ is: "inconclusive", text: "too few requests on blue yet to know what is slow" });
  });

  it("keep what is known of stable, and the evidence, over steps and over a kill", async () => {
    await house.canary();
    await house.pass(13_000);
    expect(house.rollout.phase).toMatchObject({ phase: "moving", cursor: { step: 1 } });
    const { trial } = compared();
    await house.boot();
    await house.pass(2_500);
    const { trial: after } = compared();
    if (trial.of !== "latencies" || after.of !== "latencies") throw new Error("latencies are compared");
    const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    expect(total(trial.latency.past)).toBeGreaterThanOrEqual(5_000);
    expect(total(after.latency.past)).toBeGreaterThanOrEqual(total(trial.latency.past));
    expect(trial.latency.step.canary).toEqual([]);
    expect(trial.latency.guarded.windows).toBeGreaterThan(0);
  });
});
