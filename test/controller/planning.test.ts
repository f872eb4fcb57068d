import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { StartInput } from "../../src/core/control.ts";
import type { Assumed } from "../../src/core/planned.ts";
import type { Preview } from "../../src/core/ports.ts";
import type { Route } from "../../src/core/route.ts";
import type { CanaryStep, ServiceSettings } from "../../src/core/service.ts";
import { Random } from "../simulation/random.ts";
import { rollingOf } from "../simulation/rolling-settings.ts";
import { settingsOf } from "../simulation/settings.ts";
import { ANN, House, plainSettings, START, share, withCanary } from "./house.ts";

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
    const served: Route[] = [];
    house.nginx.took = (route) => {
      if (route.by !== null && served.at(-1)?.by?.seq !== route.by.seq) served.push(route);
    };
    await house.controller.start("web", START, ANN, null);
    while (house.rollout.phase.phase !== "promoted") await house.pass(200);
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

it("says what updating in place does to nginx and to those who stay connected, and how long it lasts at least", async () => {
  const settings = plainSettings();
  const members = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80"];
  const rolling = {
    ...rollingOf(new Random(1), 4, []),
    batch: { count: 2 },
    delayMs: 0,
    slowStartMs: 0,
    minHealthyMs: 5_000,
    monitorMs: 4_000,
  };
  await booted({ ...settings, rolling, pools: { ...settings.pools, blue: { members } } });
  const { steps, leastMs } = await plan({ strategy: "rolling", to: "blue", version: "v2" });
  expect(steps[0]?.warnings).toEqual([expect.stringMatching(/^4 reloads of nginx: long-lived connections/)]);
  expect(steps.slice(1).flatMap(({ warnings }) => warnings)).toEqual([]);
  expect(leastMs).toBe(2 * (5_000 + 4_000));
});
