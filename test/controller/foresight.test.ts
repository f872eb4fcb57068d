import { beforeEach, describe, expect, it } from "vitest";
import type { Assumed } from "../../src/core/planned.ts";
import type { ServiceSettings } from "../../src/core/service.ts";
import type { Bp } from "../../src/core/units.ts";
import { ANN, comparedSettings, House, plainSettings, START, share, withCanary } from "./house.ts";

let house: House;
beforeEach(() => {
  house = new House();
});

const plan = (assumed: Partial<Assumed> = {}) =>
  house.controller.plan("web", START, { requestsPerS: null, errorRatio: null, ...assumed });

/** A controller that has seen every member. */
async function booted(settings: ServiceSettings): Promise<void> {
  house.settings = settings;
  await house.boot();
  await house.pass(5_000);
}

describe("what a plan foresees", () => {
  const TRAFFIC = { requestsPerS: 100, errorRatio: 0.001 };

  it("is not known without a rate, and taken from nginx's log or from what is given", async () => {
    await booted(comparedSettings());
    const unknown = await plan();
    expect(unknown.traffic).toEqual({ requestsPerS: null, errorRatio: null, windowMs: null });
    expect(unknown.steps[0]?.checks[0]).toMatchObject({ requests: null, requestsToPass: null, detects: null, mostLost: null });
    expect(unknown.steps.flatMap(({ warnings }) => warnings)).toEqual([]);
    house.traffic = { pools: { blue: { n: 5_400, x: 27 }, green: { n: 600, x: 600 } }, windowMs: 60_000 };
    const measured = await plan({ requestsPerS: 7 });
    expect(measured.traffic).toEqual({
      requestsPerS: { value: 7, is: "given" },
      errorRatio: { value: 0.005, is: "measured" },
      windowMs: 60_000,
    });
    expect((await plan()).traffic.requestsPerS).toEqual({ value: 100, is: "measured" });
  });

  it("warns of the step that the method names: 5 % of ten requests a second for a minute", async () => {
    const { errors } = comparedSettings().metrics;
    if (errors === undefined) throw new Error("there is a metric");
    const settings = withCanary(comparedSettings(), { steps: [share(500, 60_000)] });
    await booted({ ...settings, metrics: { errors: { ...errors, windowMs: 30_000 } } });
    const [step] = (await plan({ requestsPerS: 10, errorRatio: 0 })).steps;
    expect(step?.checks).toEqual([
      expect.objectContaining({
        name: "errors",
        kind: "compare",
        needed: true,
        requests: 30,
        requestsToPass: 827,
        passesAfterMs: 28 * 60_000,
      }),
    ]);
    expect(step?.warnings[0]).toBe(
      "5 % for 60 s gives about 30 requests on green; errors needs 827 to show health: it will hold for about 27 min, or until somebody decides",
    );
    for (const [then, end] of [
      ["abort", "then go back, however good green is"],
      ["advance", "then go on without it"],
    ] as const) {
      house.settings = withCanary(house.settings, { hold: { atMostMs: 900_000, then } });
      await house.boot();
      const [again] = (await plan({ requestsPerS: 10, errorRatio: 0 })).steps;
      expect(again?.warnings[0]).toContain(`it will hold up to 15 min, and ${end}`);
    }
  });

  it("finds less the longer a step lasts, and has nothing to warn of where it is long enough", async () => {
    await booted(withCanary(comparedSettings(), { steps: [share(500, 60_000), share(1_000, 600_000), share(2_000, 6_000_000)] }));
    const { steps } = await plan(TRAFFIC);
    const [first = 0, second = 0, third = 0] = steps.map(({ checks }) => checks[0]?.detects);
    expect(first).toBeGreaterThan(second ?? 0);
    expect(second).toBeGreaterThan(third ?? 0);
    expect(third).toBeGreaterThan(0.0011);
    expect(steps[2]?.warnings).toEqual([]);
  });

  it("takes a ramp for its mean share, and asks for the least number of requests that is configured", async () => {
    const settings = withCanary(comparedSettings(), {
      steps: [{ kind: "ramp", to: 10_000, overMs: 100_000, needs: ["errors"], hold: null }],
    });
    const checks = settings.canary?.checks.map((check) => ({ ...check, minRequests: 4_000 })) ?? [];
    await booted(withCanary(settings, { checks }));
    const [step] = (await plan(TRAFFIC)).steps;
    expect(step?.checks[0]).toMatchObject({ requests: 5_000, requestsToPass: 4_000 });
    // The most is lost near the end, where nearly all of the traffic is on the candidate.
    expect(step?.mostLost?.requests).toBeGreaterThan(200);
  });

  it("passes after the time that was foreseen, give or take a window", async () => {
    house.requests = { blue: 160, green: 40 };
    await booted(withCanary(comparedSettings(), { steps: [share(2_000, 10_000)] }));
    const [step] = (await plan({ requestsPerS: 100, errorRatio: 0 })).steps;
    const foreseen = step?.checks[0]?.passesAfterMs ?? 0;
    expect(foreseen).toBeGreaterThan(20_000);
    await house.controller.start("web", START, ANN, null);
    await house.pass(foreseen - 6_000);
    expect(house.rollout.phase).toMatchObject({ cursor: { step: 0 } });
    await house.pass(16_000);
    expect(house.rollout.phase.phase).toBe("promoted");
  });

  it.each([
    ["a comparison", comparedSettings()],
    ["a fixed bound", plainSettings()],
  ])("a candidate that fails everything costs no more than it says, by %s", async (_by, settings) => {
    // At a fifth of the traffic the candidate has 20 requests a second, which is 40 between two reads.
    house.requests = { blue: 160, green: 40 };
    house.stableErrorRatio = 0;
    await booted(settings);
    const [step] = (await plan({ requestsPerS: 100, errorRatio: 0 })).steps;
    const most = step?.mostLost?.requests ?? 0;
    expect(step?.mostLost?.check).toBe("errors");
    await house.controller.start("web", START, ANN, null);
    while (house.green === 0) await house.pass(50);
    house.errorRatio = 1;
    const since = house.timeline.t;
    while (house.green > 0) await house.pass(50);
    const lost = (20 * (house.timeline.t - since)) / 1_000;
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(most);
    expect(most).toBeLessThan(300);
  });

  it("knows what is held against stable's record once all the traffic is on the candidate, and where there is none", async () => {
    house.requests = { blue: 160, green: 40 };
    house.stableErrorRatio = 0;
    await booted(withCanary(comparedSettings(), { steps: [share(2_000, 60_000)], bakeMs: 60_000 }));
    const { steps } = await plan({ requestsPerS: 100, errorRatio: 0 });
    const bake = steps.find(({ label }) => label === "bake");
    const { detects = 1, mostLost } = bake?.checks[0] ?? {};
    expect(bake?.checks[0]).toMatchObject({
      kind: "compare",
      needed: false,
      foreseen: true,
      requests: 6_000,
      requestsToPass: null,
    });
    expect(detects).toBeLessThan(0.01);
    expect(bake?.warnings).toEqual([]);
    await house.controller.start("web", START, ANN, null);
    while (house.green < 10_000) await house.pass(50);
    house.requests = { blue: 0, green: 200 };
    await house.pass(5_000);
    house.errorRatio = 1;
    const since = house.timeline.t;
    while (house.green > 0) await house.pass(50);
    expect((100 * (house.timeline.t - since)) / 1_000).toBeLessThanOrEqual(mostLost ?? 0);
    await booted(withCanary(comparedSettings(), { steps: [share(10_000, 60_000)], bakeMs: 0 }));
    expect((await plan({ requestsPerS: 100, errorRatio: 0 })).steps[0]?.checks).toEqual([]);
  });

  it("knows that a sampled log shows a check less, and that what is lost is not", async () => {
    const settings = withCanary(comparedSettings(), { steps: [share(2_000, 600_000)] });
    const read = {
      name: "errors",
      source: "nginx",
      measure: "errors",
      intervalMs: 1_000,
      timeoutMs: 1_000,
      windowMs: 30_000,
    } as const;
    const withSample = (sample: Bp) => ({ ...settings, metrics: { errors: { ...read, sample } } });
    await booted(withSample(10_000));
    const [whole] = (await plan({ requestsPerS: 1_000, errorRatio: 0.001 })).steps;
    house.settings = withSample(1_000);
    await house.boot();
    const [tenth] = (await plan({ requestsPerS: 1_000, errorRatio: 0.001 })).steps;
    expect(tenth?.checks[0]?.requests).toBe((whole?.checks[0]?.requests ?? 0) / 10);
    expect(tenth?.checks[0]?.detects ?? 1).toBeGreaterThan(whole?.checks[0]?.detects ?? 1);
    expect(tenth?.mostLost?.requests).toBeGreaterThanOrEqual(whole?.mostLost?.requests ?? 0);
  });

  it("sees that a bound never passes where its window has too few requests, and that nobody judges without checks", async () => {
    await booted(plainSettings());
    const [step] = (await plan({ requestsPerS: 10 })).steps;
    expect(step?.checks[0]).toMatchObject({
      kind: "bound",
      requestsToPass: 50,
      passesAfterMs: null,
      detects: null,
      mostLost: null,
    });
    expect(step?.warnings).toEqual([
      "20 % for 10 s gives about 20 requests on green; errors needs 50 in each 6 s: it will hold until somebody decides",
      "no check here counts failures: where green answers with errors, only its health checks or a person stop it",
    ]);
    house.settings = withCanary(plainSettings(), { checks: [] });
    await house.boot();
    expect((await plan({ requestsPerS: 10 })).steps[0]?.warnings).toEqual([expect.stringContaining("no check judges it")]);
  });

  it("has no outlook on latencies but how many requests are seen, and does not warn of what it does not know", async () => {
    const settings = withCanary(comparedSettings(), { steps: [share(2_000, 60_000)] });
    const read = {
      name: "errors",
      source: "nginx",
      sample: 10_000,
      intervalMs: 1_000,
      timeoutMs: 1_000,
      windowMs: 30_000,
    } as const;
    await booted({ ...settings, metrics: { errors: { ...read, measure: "latency", quantile: 0.95 } } });
    const [step] = (await plan({ requestsPerS: 100, errorRatio: 0 })).steps;
    expect(step?.checks[0]).toMatchObject({
      foreseen: false,
      requests: 1_200,
      requestsToPass: null,
      detects: null,
      mostLost: null,
    });
    expect(step?.warnings).toEqual([expect.stringContaining("no check here counts failures")]);
  });

  it("says that nothing comes where nothing was counted", async () => {
    await booted(comparedSettings());
    house.traffic = { pools: {}, windowMs: 600_000 };
    expect((await plan()).steps[0]?.warnings).toEqual([expect.stringContaining("no requests come")]);
  });
});
