import { beforeEach, describe, expect, it } from "vitest";
import { type Closed, type WindowLog, withWindows } from "../../src/controller/windows.ts";
import type { Decided } from "../../src/core/decided.ts";
import { comparedSettings, House } from "./house.ts";

let house: House;
beforeEach(() => {
  house = new House();
  house.settings = comparedSettings();
  house.requests = { blue: 2_000, green: 500 };
});

const log = () => house.disk.value<WindowLog>(`windows/${house.rollout.id}/errors`);
const decisions = () => house.events.filter(({ data }) => "decision" in data).map(({ data }) => data as unknown as Decided);

describe("the windows of a comparison", () => {
  it("stay when the rollout is over, with the evidence after each of them", async () => {
    house.errorRatio = 0.01;
    await house.canary();
    await house.pass(90_000);
    expect(house.rollout.phase.phase).toBe("promoted");
    const { windows, dropped } = log() as WindowLog;
    expect(dropped).toBe(0);
    expect(new Set(windows.map(({ entry }) => entry)).size).toBeGreaterThan(1);
    for (const window of windows) {
      expect(window).toMatchObject({ canary: { n: expect.any(Number) }, slowMs: null });
      expect(window.ms).toBeGreaterThanOrEqual(3_000);
      expect(window.to).toBeGreaterThan(house.rollout.startedAt);
      expect(Number.isFinite(window.logHarm) && Number.isFinite(window.logHealthy)).toBe(true);
    }
    const wallEnds = windows.map(({ to }) => to);
    expect(wallEnds).toEqual([...wallEnds].sort((a, b) => a - b));
  });

  it("count every request once, also over kills", async () => {
    house.requests = { blue: 40, green: 10 };
    await house.canary();
    await house.pass(7_300);
    await house.boot();
    await house.pass(12_000);
    const { windows } = log() as WindowLog;
    const counted = windows.reduce((sum, { canary }) => sum + canary.n, 0);
    const { comparison } = (
      house.disk.value(`evidence/${house.rollout.id}/errors:compared`) as { trial: { comparison: unknown } }
    ).trial as { comparison: { rollout: { canary: { n: number }; windows: number } } };
    expect(windows).toHaveLength(comparison.rollout.windows);
    expect(counted).toBe(comparison.rollout.canary.n);
  });

  it("keep the part of one on which an outage was decided", async () => {
    house.stableErrorRatio = 0;
    house.errorRatio = 0.6;
    await house.canary();
    await house.pass(2_500);
    expect(house.rollout.phase.phase).toBe("reverted");
    expect(log()?.windows).toMatchObject([{ part: true, entry: 1, stable: { x: 0 } }]);
  });
});

describe("the log of windows", () => {
  const window = (n: number): Closed => ({
    ...{ entry: 1, to: n, ms: 1, slowMs: null, logHarm: 0, logHealthy: 0 },
    ...{ canary: { n, x: 0 }, stable: { n, x: 0 } },
  });

  it("is bounded, and says how many it lost", () => {
    let kept: WindowLog | null = null;
    for (let n = 1; n <= 450; n++) kept = withWindows(kept, [window(n)]);
    expect(kept?.windows).toHaveLength(400);
    expect(kept?.dropped).toBe(50);
    expect(kept?.windows[0]?.to).toBe(51);
  });

  it("lets a part go once there is more, and writes it once only", () => {
    const part = { ...window(2), part: true as const };
    const begun = withWindows({ dropped: 0, windows: [window(1)] }, [part]);
    expect(begun?.windows).toHaveLength(2);
    expect(withWindows(begun, [part])).toBeNull();
    expect(withWindows(begun, [window(3)])?.windows.map(({ to }) => to)).toEqual([1, 3]);
    expect(withWindows(begun, [])).toBeNull();
  });
});

describe("a step until evidence", () => {
  it("is observed, says what it still needs, and ends as soon as that is there", async () => {
    const settings = comparedSettings();
    if (settings.canary === null) throw new Error("there is a canary");
    const steps = [{ kind: "evidence", share: 2_000, forMs: 1_000, needs: null, hold: null }] as const;
    house.settings = { ...settings, canary: { ...settings.canary, steps } };
    house.requests = { blue: 200, green: 50 };
    await house.canary();
    const view = () => house.controller.rollout(house.rollout.id);
    await house.pass(4_000);
    expect(await view()).toMatchObject({
      phase: "observing",
      hold: null,
      reason: expect.stringMatching(/^watching 20 % until evidence: errors needs \d s more$/),
      checks: [{ needed: { requests: null } }],
    });
    await house.pass(10_000);
    const { reason, checks, phase } = await view();
    expect([phase, reason]).toEqual([
      "observing",
      expect.stringMatching(/^watching 20 % until evidence: errors needs about \d+0 more requests, \d+ s at this rate$/),
    ]);
    expect(checks[0]?.windowMs).toBe(12_000);
    const left = checks[0]?.needed?.ms ?? 0;
    await house.pass(left + 12_000);
    expect(house.rollout.phase.phase).toBe("promoted");
  });
});

describe("decisions", () => {
  it("hold the numbers that they were made from, and what was still needed", async () => {
    house.requests = { blue: 200, green: 50 };
    await house.canary();
    await house.pass(14_000);
    const held = decisions().find(({ decision }) => decision === "hold");
    expect(held?.checks).toMatchObject([
      {
        name: "errors",
        metric: "errors",
        rule: { kind: "compare", margin: 0.1 },
        is: "inconclusive",
        basis: {
          windows: 1,
          canary: { n: 150, x: 0 },
          stable: { n: 600, x: 0 },
          logHarmNeeded: Math.log(100),
          logHealthyNeeded: Math.log(20),
        },
      },
    ]);
    const { basis } = held?.checks[0] ?? {};
    expect(basis?.needed?.requests).toBeGreaterThan(100);
    expect(basis?.needed?.ms).toBeGreaterThan(1_000);
    expect(Date.parse(basis?.to ?? "") - Date.parse(basis?.from ?? "")).toBe(6_000);
    expect(Date.parse(basis?.from ?? "")).toBeGreaterThanOrEqual(house.rollout.startedAt);
    // Not the reads of the window that is being filled.
    expect(Date.parse(basis?.to ?? "")).toBe(log()?.windows[0]?.to);
  });

  it("of a fixed bound say what is missing of time and requests", async () => {
    house = new House();
    house.requests = { blue: 100, green: 4 };
    await house.canary();
    await house.pass(3_500);
    expect(house.rollout.verdicts.errors?.verdict).toMatchObject({
      is: "inconclusive",
      basis: { needed: { requests: expect.any(Number), ms: expect.any(Number) }, canary: null },
    });
  });
});
