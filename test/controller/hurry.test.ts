import { beforeEach, describe, expect, it } from "vitest";
import { simulatedMetrics } from "../simulation/metrics.ts";
import { comparedSettings, House, plainSettings } from "./house.ts";

let house: House;
let reads: number;
/** What the log calls while the candidate fails; null while nobody listens. */
let soon: (() => void) | null;

beforeEach(() => {
  house = new House();
  reads = 0;
  soon = null;
  const metrics = simulatedMetrics(
    () => 0,
    () => true,
    (pool) => {
      if (pool === "green") reads += 1;
      return 1;
    },
  );
  house.metrics = {
    ...metrics,
    hurry: (_metric, _subject, call) => {
      soon = call;
      return () => {
        soon = null;
      };
    },
  };
});

const readsIn = async (ms: number) => {
  const before = reads;
  await house.pass(ms);
  return reads - before;
};

describe("a metric whose source sees the candidate fail", () => {
  it("is read four times a second from then on, for two seconds after the last sign of it", async () => {
    house.settings = comparedSettings();
    await house.canary();
    const usual = await readsIn(4_000);
    expect(usual).toBeLessThanOrEqual(4);
    soon?.();
    expect(await readsIn(500)).toBe(2);
    soon?.();
    expect(await readsIn(2_000)).toBe(8);
    await house.pass(1_000);
    expect(await readsIn(4_000)).toBe(usual);
  });

  it("is read at its own pace where nothing is compared: a bound has no fast path", async () => {
    house.settings = plainSettings();
    await house.canary();
    expect(soon).toBeNull();
  });

  it("is listened to no longer than it is judged", async () => {
    house.settings = comparedSettings();
    await house.canary();
    expect(soon).not.toBeNull();
    await house.command("abort");
    await house.pass(1_000);
    expect(soon).toBeNull();
  });
});
