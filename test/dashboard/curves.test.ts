import { expect, test } from "vitest";
import type { PoolSeries } from "../../src/core/traffic.ts";
import { boundaries, dividedSince, errorRatio, rampedAt, requestsPerS } from "../../src/dashboard/curves.ts";
import { eventView, rolloutView } from "../support/views.ts";

function series(requests: readonly number[], failed: readonly number[] = requests.map(() => 0)): PoolSeries {
  const nothing = requests.map(() => null);
  return { requests, failed, p50Ms: nothing, p95Ms: nothing, p99Ms: nothing };
}

const points = (pools: Record<string, PoolSeries>, everyMs = 1_000) => ({
  everyMs,
  at: Object.values(pools)[0]?.requests.map((_, index) => 100 + index) ?? [],
  pools,
});

test("requests are per second, however long a point is", () => {
  expect(requestsPerS(points({ blue: series([50, 20]) }, 10_000)).blue).toEqual([5, 2]);
});

test("failures are a part of the last five points' requests, and nothing where there were none", () => {
  const blue = series([0, 10, 10, 10, 10, 10, 0], [0, 5, 0, 0, 0, 0, 0]);
  expect(errorRatio(points({ blue })).blue).toEqual([null, 0.5, 0.25, 5 / 30, 0.125, 0.1, 0]);
});

test("observed shares are those since an instant, where there were enough requests", () => {
  const all = points({ blue: series([100, 30]), green: series([0, 10]) });
  expect(dividedSince(all, 101)).toEqual({ shares: { blue: 7_500, green: 2_500 }, requests: 40 });
  expect(dividedSince(all, 102)).toEqual({ shares: null, requests: 0 });
});

test("a ramp moves on in a step that is served already", () => {
  const at = "2026-03-01T10:00:10.000Z";
  const served = [eventView(1, { kind: "applying", step: 1 }), eventView(2, { kind: "observing", step: 1 })];
  expect(rampedAt(served)).toBeNull();
  const ramped = [...served, eventView(3, { kind: "applying", step: 1, at }), eventView(4, { kind: "verdict", step: 1 })];
  expect(rampedAt(ramped)).toBe(Date.parse(at) / 1_000);
  expect(rampedAt([...ramped, eventView(5, { kind: "applying", step: 2 })])).toBeNull();
});

test("boundaries are where nginx served a step, and where the direction changed", () => {
  const rollout = rolloutView();
  const events = [
    eventView(1, { kind: "applying", step: 0 }),
    eventView(2, { kind: "observing", step: 1, at: "2026-03-01T10:00:10.000Z" }),
    eventView(3, { kind: "observing", step: 0, rollout: "web-0" }),
    eventView(4, { kind: "reverting" }),
  ];
  expect(boundaries(events, rollout).map(({ label }) => label.replace(/\s/, " "))).toEqual(["50 %", "step 1", "back"]);
  expect(boundaries(events, rollout)[0]?.at).toBe(Date.parse("2026-03-01T10:00:10.000Z") / 1_000);
});
