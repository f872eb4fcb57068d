import { describe, expect, it } from "vitest";
import type { Slice } from "../../../src/core/ports.ts";
import type { NginxMetric } from "../../../src/core/service.ts";
import { latencyArms } from "../../../src/metrics/nginx-log/latency-arms.ts";
import { addSlices } from "../../../src/metrics/nginx-log/slices.ts";
import { Tally } from "../../../src/metrics/nginx-log/tally.ts";

const LATENCY: NginxMetric = {
  name: "latency",
  source: "nginx",
  measure: "latency",
  quantile: 0.95,
  sample: 10_000,
  intervalMs: 1_000,
  timeoutMs: 1_000,
  windowMs: 600_000,
};

/** Requests of every latency from 1 ms to 17 minutes, on both pools, in each second between two times. */
function wide(from: number, to: number): Tally {
  const tally = new Tally();
  for (let endedAt = from; endedAt < to; endedAt += 1_000)
    for (const pool of ["a-pool-with-a-rather-long-name", "another-pool-with-a-longer-name"])
      for (let tookMs = 1; tookMs < 60_000; tookMs = Math.ceil(tookMs * 1.06))
        tally.add(
          {
            service: "web",
            pool,
            sample: 10_000,
            routed: null,
            startedAt: endedAt,
            endedAt,
            attempts: [{ address: "10.0.0.1:80", status: 200, tookMs }],
          },
          () => pool,
        );
  return tally;
}

const read = (before: readonly Slice[], from: number, to: number) =>
  addSlices(LATENCY, before, {
    tally: wide(from, to),
    offsetMs: 0,
    since: 0,
    eased: "a-pool-with-a-rather-long-name",
    margins: [0.1],
    from,
    to,
  });

describe("latencies by bucket", () => {
  it("fit into the store, read by read and after a long absence", () => {
    const absent = read([], 0, 1_500_000);
    expect(JSON.stringify(absent).length).toBeLessThan(950_000);
    let slices: readonly Slice[] = [];
    for (let at = 0; at < 1_500_000; at += 20_000) slices = read(slices, at, at + 20_000);
    expect(JSON.stringify(slices).length).toBeLessThan(700_000);
  });

  it("are there for a comparison in the read that counts them, and for a bound over the whole window", () => {
    const first = read([], 0, 20_000);
    const second = read(first, 20_000, 40_000);
    const has = ({ counts }: Slice, part: string) => Object.keys(counts).some((key) => key.includes(part));
    for (const slice of second) {
      expect(has(slice, "rather-long-name b")).toBe(true);
      expect(has(slice, "/0.1")).toBe(slice.from >= 20_000);
      expect(has(slice, "another-pool-with-a-longer-name b")).toBe(slice.from >= 20_000);
      expect(slice.counts["another-pool-with-a-longer-name n"]).toBeGreaterThan(0);
    }
  });

  it("are what a comparison is given: stable's as they were, the candidate's divided by 1 + margin", () => {
    const [green, blue] = ["a-pool-with-a-rather-long-name", "another-pool-with-a-longer-name"];
    const last = { [green]: { t: 20_000, started: null, series: { floor: 0 } } };
    const evidence = { metric: "latency", last, slices: read([], 0, 20_000), problem: null, lacking: null };
    const both = { canary: { pool: green, evidence }, stable: { pool: blue, evidence } };
    const found = latencyArms(both, 0, 0.1);
    if (found?.of !== "latencies") throw new Error("latencies are compared");
    const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    expect(found).toMatchObject({ from: 0, to: 20_000 });
    expect(total(found.canary)).toBe(total(found.stable));
    // Two buckets are 10 %.
    expect(found.stable.length - found.canary.length).toBe(2);
    expect(latencyArms(both, 20_000, 0.1)).toBeNull();
  });
});
