import { describe, expect, test } from "vitest";
import { culprits } from "../../src/nginx/bisect.ts";
import { turn } from "../../src/nginx/pacing.ts";
import { Patience } from "../../src/nginx/patience.ts";

const calm = { now: 10_000, signalledAt: null, tookMs: 0, lingering: 0, processes: 3, workers: 2, urgent: false };

describe("the pace of reloads", () => {
  test.each([
    ["the first goes", calm, "go"],
    ["not within a second of the last", { ...calm, signalledAt: 9_500 }, "wait"],
    ["a second later", { ...calm, signalledAt: 9_000 }, "go"],
    ["not within three times of what the last took", { ...calm, signalledAt: 8_000, tookMs: 700 }, "wait"],
    ["not on top of six lingering generations", { ...calm, lingering: 6 }, "wait"],
    ["five are no obstacle", { ...calm, lingering: 5 }, "go"],
    ["a way back is not paced", { ...calm, signalledAt: 9_999, lingering: 20, urgent: true }, "go"],
    ["but it stops where nginx could start no workers", { ...calm, processes: 899, urgent: true }, "wait"],
  ])("%s", (_, pace, expected) => {
    expect(turn(pace).is).toBe(expected);
  });

  test("waits longer each time the same fails, but tries a new way back at once", () => {
    const patience = new Patience();
    const at = { now: 0, urgent: false, keys: "a", lingering: 0, processes: 3, workers: 2 };
    patience.failed(0, "a");
    expect(patience.pause({ ...at, now: 1_999 })?.forMs).toBe(1);
    expect(patience.pause({ ...at, now: 2_000 })).toBeNull();
    patience.failed(2_000, "a");
    expect(patience.pause({ ...at, now: 5_999 })?.why).toContain("tried again");
    expect(patience.pause({ ...at, now: 3_000, urgent: true, keys: "b" })).toBeNull();
    expect(patience.pause({ ...at, now: 3_000, urgent: true })).not.toBeNull();
    patience.forgive();
    expect(patience.pause({ ...at, now: 3_000 })).toBeNull();
  });

  test("gathers what comes while a reload is prepared, for a quarter of a second at most", () => {
    const patience = new Patience();
    const at = { urgent: false, keys: "a", lingering: 0, processes: 3, workers: 2 };
    patience.changed(0);
    expect(patience.pause({ ...at, now: 1 })).toBeNull();
    patience.gathered(1);
    expect(patience.isOvertaken(5)).toBe(false);
    patience.gathered(6);
    patience.changed(10);
    expect(patience.isOvertaken(20)).toBe(true);
    expect(patience.pause({ ...at, now: 20 })).toEqual({ forMs: 15, why: null });
    expect(patience.pause({ ...at, now: 20, urgent: true })).toBeNull();
    expect(patience.pause({ ...at, now: 30 })).toBeNull();
    patience.gathered(30);
    patience.changed(250);
    expect(patience.isOvertaken(260)).toBe(false);
  });
});

describe("a bisection", () => {
  const trial = (bad: readonly number[], log: number[][]) => async (some: readonly number[]) => {
    log.push([...some]);
    const found = some.find((one) => bad.includes(one));
    return found === undefined ? null : `${found} is bad`;
  };

  test.each([[[7]], [[0]], [[49]], [[3, 4]], [[0, 25, 49]]])("finds %j among 50, each with its own reason", async (bad) => {
    const log: number[][] = [];
    const all = Array.from({ length: 50 }, (_, index) => index);
    const found = await culprits(all, "something is bad", trial(bad, log));
    expect([...found]).toEqual(bad.map((one) => [one, `${one} is bad`]));
    expect(log.length).toBeLessThan(14 * bad.length);
  });

  test("names the later one of two that clash only with each other", async () => {
    const clash = async (some: readonly string[]) => (some.includes("a") && some.includes("b") ? "a and b clash" : null);
    expect([...(await culprits(["a", "b", "c"], "a and b clash", clash))]).toEqual([["b", "a and b clash"]]);
  });
});
