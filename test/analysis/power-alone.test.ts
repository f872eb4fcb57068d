import { expect, test } from "vitest";
import { type Alone, mostLostAlone, smallestDetectableAlone } from "../../src/analysis/power-alone.ts";

const RULE = { allowed: { rho: 1.1, delta: 0 }, alpha: 0.01 };
const MINUTE = 60_000;

function alone(minutes: number, rate: number): Alone {
  const n = minutes * 1_000;
  return { canaryPerS: 20, stable: { n, x: n * rate }, windows: minutes };
}

test("finds less the more was recorded of stable, and the longer the step lasts", () => {
  const after = (recorded: number, lasts: number) =>
    smallestDetectableAlone(RULE, alone(recorded, 0.01), lasts * MINUTE, MINUTE) ?? 1;
  expect(after(100, 10)).toBeLessThan(after(10, 10));
  expect(after(100, 60)).toBeLessThan(after(100, 10));
  expect(after(1_000, 600)).toBeGreaterThan(0.011);
  expect(after(1_000, 600)).toBeLessThan(0.0135);
});

test("finds nothing where nothing was recorded, or no window fits in", () => {
  expect(smallestDetectableAlone(RULE, alone(0, 0.01), 10 * MINUTE, MINUTE)).toBeNull();
  expect(smallestDetectableAlone(RULE, alone(10, 0.01), MINUTE - 1, MINUTE)).toBeNull();
  expect(mostLostAlone(RULE, alone(0, 0.01), 1_000, 2_000)).toBeNull();
});

test("an outage costs what comes until it is plain, and until the way back is done", () => {
  // Twenty requests of which all fail are the least that the quick path takes: one read of a second.
  expect(mostLostAlone(RULE, alone(100, 0.001), 1_000, 2_000)).toBe(60);
  expect(mostLostAlone(RULE, alone(100, 0.001), 100, 2_000)).toBe(60);
  expect(mostLostAlone(RULE, alone(100, 0.001), 10_000, 0)).toBe(200);
  const little = { canaryPerS: 20, stable: { n: 20, x: 0 }, windows: 1 };
  expect(mostLostAlone(RULE, little, 1_000, 2_000)).toBeGreaterThan(60);
});
