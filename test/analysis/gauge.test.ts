import { describe, expect, test } from "vitest";
import { type Gauge, type GaugeSample, gaugeMargin, logGauge, NO_GAUGE, observeGauge } from "../../src/analysis/gauge.ts";

const block = (canary: number, ...stable: number[]): GaugeSample[] => [
  { canary, stable: Object.fromEntries(stable.map((value, index) => [`s${index}`, value])) },
];
const over = (blocks: readonly GaugeSample[][], scale: "positive" | "signed" = "positive") =>
  blocks.reduce((state: Gauge, samples) => observeGauge(state, scale, samples), NO_GAUGE);
const repeated = (count: number, samples: GaugeSample[]) => over(new Array<GaugeSample[]>(count).fill(samples));

describe("a gauge", () => {
  test("needs 9 blocks above its margin to speak at 1/100", () => {
    const high = block(200, 100, 101, 99);
    const needed = Math.log(100);
    expect(logGauge(repeated(8, high))).toBeLessThan(needed);
    expect(logGauge(repeated(9, high))).toBeGreaterThanOrEqual(needed);
  });

  test("is at most 1 on average where up is as likely as down", () => {
    let average = 0;
    for (let pattern = 0; pattern < 1 << 10; pattern += 1) {
      const ups = pattern.toString(2).replaceAll("0", "").length;
      average += Math.exp(logGauge({ ups, blocks: 10, levels: {} })) / (1 << 10);
    }
    expect(average).toBeCloseTo(1, 9);
  });

  test("has a margin of 50 % beside fewer than 3 stable instances, of 20 % beside like ones, and more beside unlike ones", () => {
    expect(gaugeMargin(NO_GAUGE)).toBe(0.5);
    expect(gaugeMargin(repeated(1, block(100, 100, 101)))).toBe(0.5);
    expect(gaugeMargin(repeated(1, block(100, 100, 101, 99)))).toBe(0.2);
    expect(gaugeMargin(repeated(1, block(100, 100, 150, 70)))).toBeGreaterThan(1);
  });

  test("is not moved by a block without samples that can be compared", () => {
    const state = repeated(2, block(100, 100, 101, 99));
    for (const samples of [[], block(100), block(0, 100), block(-1, 100), block(Number.NaN, 100), block(100, 0)]) {
      expect(observeGauge(state, "positive", samples)).toEqual(state);
    }
  });

  test("does not know its unit", () => {
    const blocks = [block(130, 100, 110, 90), block(160, 100, 110, 90), block(100, 100, 110, 90)];
    const other = blocks.map((samples) =>
      samples.map(({ canary, stable }) => ({
        canary: canary * 1024,
        stable: Object.fromEntries(Object.entries(stable).map(([name, value]) => [name, value * 1024])),
      })),
    );
    expect(logGauge(over(other))).toBe(logGauge(over(blocks)));
  });

  test("that may be negative is compared by differences", () => {
    expect(over([block(-2, -1, -1, -1), block(5, -1, -1, -1)], "signed")).toMatchObject({ ups: 1, blocks: 2 });
    expect(over([block(3, 0, 0, 0)], "signed").blocks).toBe(0);
  });
});
