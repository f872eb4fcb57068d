import { expect, test } from "vitest";
import { Curve } from "../../../src/metrics/nginx-log/curve.ts";
import type { Line } from "../../../src/metrics/nginx-log/line.ts";

const place = (address: string) => (address.startsWith("b") ? "blue" : "green");

function line(endedAt: number, address: string, status: number | null, tookMs = 10, sample = 10_000): Line {
  const attempts = [
    { address, status, tookMs },
    { address: "b9", status: 200, tookMs: 1 },
  ];
  return { service: "web", pool: null, routed: null, sample, startedAt: endedAt - tookMs, endedAt, attempts };
}

test("each request is in the point in which it ended, for the pool that it was sent to first", () => {
  const curve = new Curve(1_000);
  curve.add(line(1_999, "b1", 200), place);
  curve.add(line(2_000, "b1", 500), place);
  curve.add(line(2_500, "g1", null), place);
  const { from, everyMs, points, pools } = curve.between(1_000, 3_999);
  expect({ from, everyMs, points }).toEqual({ from: 1_000, everyMs: 1_000, points: 2 });
  expect(pools.blue).toMatchObject({ requests: [1, 1], failed: [0, 1] });
  expect(pools.green).toMatchObject({ requests: [0, 1], failed: [0, 0], p95Ms: [null, null] });
});

test("a request counts for those that were not written down", () => {
  const curve = new Curve(1_000);
  curve.add(line(1_500, "b1", 500, 10, 2_500), place);
  expect(curve.between(1_000, 2_000).pools.blue).toMatchObject({ requests: [4], failed: [4] });
});

test("quantiles are those of the tries that succeeded, to 10 %", () => {
  const curve = new Curve(1_000);
  for (let ms = 1; ms <= 1_000; ms += 1) curve.add(line(1_500, "b1", 200, ms), place);
  curve.add(line(1_500, "b1", 500, 60_000), place);
  const { p50Ms, p95Ms, p99Ms } = curve.between(1_000, 2_000).pools.blue ?? {};
  for (const [found, exact] of [
    [p50Ms?.[0], 500],
    [p95Ms?.[0], 950],
    [p99Ms?.[0], 990],
  ] as const)
    expect(Math.abs((found ?? 0) / exact - 1)).toBeLessThan(0.1);
});

test("a latency above the longest bucket is shown as that bucket's beginning", () => {
  const curve = new Curve(1_000);
  curve.add(line(1_500, "b1", 200, 900_000), place);
  expect(curve.between(1_000, 2_000).pools.blue?.p99Ms[0]).toBeGreaterThan(50_000);
});

test("only whole points between two instants are answered, and no more than are kept", () => {
  const curve = new Curve(1_000);
  for (let second = 0; second < 1_000; second += 1) curve.add(line(second * 1_000 + 5, "b1", 200), place);
  expect(curve.between(990_500, 995_999)).toMatchObject({ from: 991_000, points: 4 });
  const all = curve.between(0, 1_000_000);
  expect(all).toMatchObject({ from: 820_000, points: 180 });
  expect(all.pools.blue?.requests).toEqual(Array(180).fill(1));
});

test("what nobody asked for is an empty answer, not a wrong one", () => {
  expect(new Curve(10_000).between(5_000, 9_000)).toEqual({ from: 10_000, everyMs: 10_000, points: 0, pools: {} });
});
