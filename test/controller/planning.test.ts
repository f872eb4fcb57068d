import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { StartInput } from "../../src/core/control.ts";
import type { Assumed } from "../../src/core/planned.ts";
import type { Preview } from "../../src/core/ports.ts";
import type { Route } from "../../src/core/route.ts";
import type { CanaryStep, ServiceSettings } from "../../src/core/service.ts";
import type { Bp, Ms } from "../../src/core/units.ts";
import { Random } from "../simulation/random.ts";
import { settingsOf } from "../simulation/settings.ts";
import { ANN, comparedSettings, House, plainSettings, START } from "./house.ts";

const NOTHING_ASSUMED: Assumed = { requestsPerS: null, errorRatio: null };

let house: House;
beforeEach(() => {
  house = new House();
});

const plan = (input: Partial<StartInput> = {}, assumed: Partial<Assumed> = {}) =>
  house.controller.plan("web", { ...START, ...input }, { ...NOTHING_ASSUMED, ...assumed });

/** A controller that has seen every member. */
async function booted(settings: ServiceSettings): Promise<void> {
  house.settings = settings;
  await house.boot();
  await house.pass(5_000);
}

function withCanary(settings: ServiceSettings, more: Partial<NonNullable<ServiceSettings["canary"]>>): ServiceSettings {
  if (settings.canary === null) throw new Error("there is a canary");
  return { ...settings, canary: { ...settings.canary, ...more } };
}

const share = (bp: Bp, forMs: Ms): CanaryStep => ({ kind: "share", share: bp, forMs, needs: null, hold: null });

const canarySteps = fc
  .uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 6 })
  .map((shares) => shares.sort((a, b) => a - b))
  .chain((shares) =>
    fc.tuple(
      ...shares.map((bp) =>
        fc
          .record({ kind: fc.constantFrom("share", "ramp", "approval"), ms: fc.integer({ min: 6_000, max: 99_000 }) })
          .map((one): CanaryStep => {
            const common = { needs: [], hold: null };
            if (one.kind === "share") return { ...share(bp, one.ms), ...common };
            return one.kind === "ramp"
              ? { kind: "ramp", to: bp, overMs: one.ms, ...common }
              : { kind: "approval", share: bp, within: null, ...common };
          }),
      ),
    ),
  );

describe("a plan", () => {
  it("is what a start then does, whatever is configured and asked for", async () => {
    const input = fc.record({ seed: fc.nat(), steps: fc.option(canarySteps), strategy: fc.constantFrom("canary", "blue-green") });
    await fc.assert(
      fc.asyncProperty(input, async ({ seed, steps, strategy }) => {
        house = new House();
        await booted(settingsOf(new Random(seed)));
        const asked = { strategy, steps: strategy === "canary" ? steps : null } as const;
        const planned = await plan(asked);
        await house.controller.start("web", { ...START, ...asked }, ANN, null);
        const { rollout } = house;
        expect(planned.refused).toBeNull();
        expect(planned.steps.map(({ label, shares, leastMs, needs, hold }) => ({ label, shares, leastMs, needs, hold }))).toEqual(
          rollout.plan.map(({ label, want, leastMs, needs, hold }) => ({ label, shares: want.shares, leastMs, needs, hold })),
        );
        expect(planned.steps.map(({ before, after }) => [...before, ...after].map(({ waitsFor }) => waitsFor))).toEqual(
          rollout.plan.map(({ before, after }) => [...before, ...after].map((task) => task.do)),
        );
        expect([planned.from, planned.to]).toEqual([rollout.from, rollout.to]);
        house.kill();
      }),
      { numRuns: 60 },
    );
  });

  it("writes nothing and tells nginx nothing", async () => {
    await booted(plainSettings());
    const before = JSON.stringify([...house.disk.below("")]);
    await plan();
    await house.pass(2_000);
    expect(JSON.stringify([...house.disk.below("")])).toBe(before);
    expect(house.green).toBe(0);
  });

  it("takes no less than its least time", async () => {
    await booted(withCanary(plainSettings(), { bakeMs: 7_000 }));
    const { leastMs } = await plan();
    expect(leastMs).toBe(27_000);
    const since = house.timeline.t;
    await house.controller.start("web", START, ANN, null);
    await house.pass(leastMs - 1);
    expect(house.rollout.phase.phase).toBe("moving");
    await house.pass(20_000);
    expect(house.rollout.phase).toMatchObject({ phase: "promoted" });
    expect(house.timeline.t - since).toBeGreaterThan(leastMs);
  });

  it("says why a start would be refused, and shows the steps all the same", async () => {
    await house.canary();
    expect(await plan()).toMatchObject({
      refused: { code: "rollout-running", reason: expect.stringContaining("web-1") },
      to: "green",
    });
    expect((await plan()).steps).toHaveLength(4);
    expect((await plan({ replace: true })).refused).toBeNull();
  });

  it("has nothing to do where the pool is stable, and no plan where there can be none", async () => {
    await booted(plainSettings());
    expect(await plan({ to: "blue" })).toMatchObject({ refused: { code: "already-stable" }, steps: [], leastMs: 0 });
    await expect(plan({ to: "red" })).rejects.toMatchObject({ code: "unknown-pool" });
    await expect(plan({ strategy: "rolling" })).rejects.toMatchObject({ code: "not-configured" });
    await expect(plan({ strategy: "blue-green", steps: [share(500, 1_000)] })).rejects.toMatchObject({ code: "invalid" });
  });

  it("says which members the first step would wait for, how long, and what then", async () => {
    house.down.add("10.0.1.2:80");
    await booted(plainSettings());
    expect((await plan()).steps[0]?.before).toEqual([
      {
        name: "green healthy",
        waitsFor: "healthy",
        withinMs: 20_000,
        otherwise: "back",
        missing: expect.stringMatching(/1 of 2 .* refused the connection/),
      },
    ]);
    house.down.clear();
    await house.pass(5_000);
    expect((await plan()).steps[0]?.before[0]?.missing).toBeNull();
  });
});

describe("what a plan shows of nginx", () => {
  /** What a route asks of nginx, whoever wants it. */
  const asked = ({ shares, base, other, endpoints, shape }: Route) => ({ shares, base, other, endpoints, shape });
  let shown: Route[];
  beforeEach(() => {
    shown = [];
    const preview: Preview["preview"] = async (_target, wanted, next) => {
      expect(wanted.map(({ service }) => service)).toEqual(["web"]);
      shown.push(...next);
      return next.map(({ base }) => ({ reload: base === "green", diff: `the files with ${base}` }));
    };
    house.preview = { preview };
  });

  it("is made from the very routes that a start then wants, one after the other", async () => {
    await booted(withCanary(plainSettings(), { steps: [share(500, 10_000), share(2_000, 10_000), share(6_000, 10_000)] }));
    const { begins, steps } = await plan();
    expect(begins).toEqual([]);
    expect(steps.map(({ nginx }) => nginx)).toEqual([
      ...[1, 2, 3, 4].map(() => [{ target: "local", change: "tables", times: 1, diff: "", problem: null }]),
      [{ target: "local", change: "reload", times: 1, diff: "the files with green", problem: null }],
    ]);
    await house.controller.start("web", START, ANN, null);
    const served: Route[] = [];
    while (house.rollout.phase.phase !== "promoted") {
      await house.pass(200);
      const route = house.nginx.serves.get("web");
      if (route?.by !== null && route !== undefined && served.at(-1)?.by?.seq !== route.by?.seq) served.push(route);
    }
    expect(shown.map(asked)).toEqual(served.map(asked));
  });

  it("counts the raises of a ramp, each a table swap", async () => {
    await booted(withCanary(plainSettings(), { steps: [{ kind: "ramp", to: 10_000, overMs: 50_000, needs: [], hold: null }] }));
    const { steps } = await plan();
    expect(steps[0]?.nginx[0]).toMatchObject({ change: "tables", times: 50 });
    expect(steps[0]?.ramp).toEqual({ fromBp: 0, toBp: 10_000, quantumBp: 200, everyMs: 1_000 });
  });

  it("has what the start alone changes, where the first step has to wait and nginx needs to know the pool", async () => {
    const settings = plainSettings();
    house.down.add("10.0.2.1:80");
    const preview: Preview["preview"] = async (_target, _wanted, next) =>
      next.map(({ other }, index) => ({ reload: other === "red" && index === 0, diff: "red" }));
    house.preview = { preview };
    await booted({ ...settings, pools: { ...settings.pools, red: { members: ["10.0.2.1:80"] } } });
    expect((await plan({ to: "red" })).begins).toEqual([
      { target: "local", change: "reload", times: 1, diff: "red", problem: null },
    ]);
  });

  it("says why files cannot be shown, and plans all the same", async () => {
    house.preview = { preview: async () => Promise.reject(new Error("nginx -V cannot be run")) };
    await booted(plainSettings());
    const { steps } = await plan();
    expect(steps[0]?.nginx).toEqual([
      { target: "local", change: "tables", times: 1, diff: null, problem: "nginx -V cannot be run" },
    ]);
    expect(steps).toHaveLength(4);
  });
});

describe("what a plan foresees", () => {
  const TRAFFIC = { requestsPerS: 100, errorRatio: 0.001 };

  it("is not known without a rate, and taken from nginx's log or from what is given", async () => {
    await booted(comparedSettings());
    const unknown = await plan();
    expect(unknown.traffic).toEqual({ requestsPerS: null, errorRatio: null, windowMs: null });
    expect(unknown.steps[0]?.checks[0]).toMatchObject({ requests: null, requestsToPass: null, detects: null, mostLost: null });
    expect(unknown.steps.flatMap(({ warnings }) => warnings)).toEqual([]);
    house.traffic = { pools: { blue: { n: 5_400, x: 27 }, green: { n: 600, x: 600 } }, windowMs: 60_000 };
    const measured = await plan({}, { requestsPerS: 7 });
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
    const [step] = (await plan({}, { requestsPerS: 10, errorRatio: 0 })).steps;
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
      const [again] = (await plan({}, { requestsPerS: 10, errorRatio: 0 })).steps;
      expect(again?.warnings[0]).toContain(`it will hold up to 15 min, and ${end}`);
    }
  });

  it("finds less the longer a step lasts, and has nothing to warn of where it is long enough", async () => {
    await booted(withCanary(comparedSettings(), { steps: [share(500, 60_000), share(1_000, 600_000), share(2_000, 6_000_000)] }));
    const { steps } = await plan({}, TRAFFIC);
    const [first = 0, second = 0, third = 0] = steps.map(({ checks }) => checks[0]?.detects);
    expect(first).toBeGreaterThan(second ?? 0);
    expect(second).toBeGreaterThan(third ?? 0);
    expect(third).toBeGreaterThan(0.0011);
    expect(steps[2]?.warnings).toEqual([]);
  });

  it("passes after the time that was foreseen, give or take a window", async () => {
    house.requests = { blue: 160, green: 40 };
    await booted(withCanary(comparedSettings(), { steps: [share(2_000, 10_000)] }));
    const [step] = (await plan({}, { requestsPerS: 100, errorRatio: 0 })).steps;
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
    const [step] = (await plan({}, { requestsPerS: 100, errorRatio: 0 })).steps;
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
    const [whole] = (await plan({}, { requestsPerS: 1_000, errorRatio: 0.001 })).steps;
    house.settings = withSample(1_000);
    await house.boot();
    const [tenth] = (await plan({}, { requestsPerS: 1_000, errorRatio: 0.001 })).steps;
    expect(tenth?.checks[0]?.requests).toBe((whole?.checks[0]?.requests ?? 0) / 10);
    expect(tenth?.checks[0]?.detects ?? 1).toBeGreaterThan(whole?.checks[0]?.detects ?? 1);
    expect(tenth?.mostLost?.requests).toBeGreaterThanOrEqual(whole?.mostLost?.requests ?? 0);
  });

  it("sees that a bound never passes where its window has too few requests, and that nobody judges without checks", async () => {
    await booted(plainSettings());
    const [step] = (await plan({}, { requestsPerS: 10 })).steps;
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
    expect((await plan({}, { requestsPerS: 10 })).steps[0]?.warnings).toEqual([expect.stringContaining("no check judges it")]);
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
    const [step] = (await plan({}, { requestsPerS: 100, errorRatio: 0 })).steps;
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
