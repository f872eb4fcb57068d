import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import { ask, count, steady } from "../support/client.ts";
import { type Stage, shifted, startStage } from "../support/stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await startStage({ workers: 2 });
});
afterEach(() => stage[Symbol.asyncDispose]());

const reloads = () => stage.driven.nginx.logs().split("(SIGHUP) received").length - 1;

async function applied(...routes: readonly Route[]) {
  stage.driven.want(routes);
  return stage.driven.applied(routes);
}

describe("a live service", () => {
  test("sends every request that starts after a switch to the new pool, without a reload, and loses none", async () => {
    await applied(stage.web, stage.shop);
    const before = reloads();
    await using load = steady(stage.driven.url);
    let route = stage.web;
    const times: number[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      const share = turn % 2 === 0 ? 10_000 : 0;
      route = shifted(route, share);
      const start = performance.now();
      stage.driven.want([route, stage.shop]);
      times.push(performance.now() - start);
      expect(await count(stage.driven.url, 20, { keepAlive: true })).toEqual({ [share === 0 ? "blue" : "green"]: 20 });
    }
    await stage.driven.applied([route]);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(Object.keys(load.counts).sort()).toEqual(["blue", "green"]);
    expect(reloads()).toBe(before);
    expect(times.sort((a, b) => a - b)[20]).toBeLessThan(5);
  });

  test("lets a client choose while the share is a part, and no longer once it is sent back", async () => {
    const part = shifted(stage.web, 100);
    await applied(part, stage.shop);
    expect((await ask(stage.driven.url, { "x-canary": "always" })).version).toBe("green");
    expect((await ask(stage.driven.url, { "x-canary": "never" })).version).toBe("blue");
    const back = shifted(part, 0, { urgent: true });
    stage.driven.want([back, stage.shop]);
    expect((await ask(stage.driven.url, { "x-canary": "always" })).version).toBe("blue");
    const whole = shifted(back, 10_000, { urgent: false });
    stage.driven.want([whole, stage.shop]);
    expect((await ask(stage.driven.url, { "x-canary": "never" })).version).toBe("green");
  });

  test("is previewed by header alone while its share is 0", async () => {
    await applied(shifted(stage.web, 0, { preview: true }), stage.shop);
    expect((await ask(stage.driven.url, { "x-canary": "always" })).version).toBe("green");
    expect(await count(stage.driven.url, 20)).toEqual({ blue: 20 });
  });

  test("stays where it is while a promotion is committed, and afterwards", async () => {
    const whole = shifted(stage.web, 10_000);
    await applied(whole, stage.shop);
    await using load = steady(stage.driven.url);
    await load.more(20);
    load.reset();
    const committed = shifted(whole, 10_000, { base: "green", other: "blue" });
    await applied(committed, stage.shop);
    await load.more(20);
    await load.stop();
    expect(Object.keys(load.counts)).toEqual(["green"]);
    expect(reloads()).toBeGreaterThan(0);
  });

  test.each([0, 3, 10, 30, 60, 110, 160])(
    "goes back when it is aborted %i ms into the reload that commits it",
    async (afterMs) => {
      const whole = shifted(stage.web, 10_000);
      await applied(whole, stage.shop);
      const committed = shifted(whole, 10_000, { base: "green", other: "blue" });
      const earlier = reloads();
      stage.driven.want([committed, stage.shop]);
      const logged = () => reloads() > earlier || afterMs === 0;
      while (!logged()) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      const back = shifted(committed, 0, { base: "blue", other: "green", urgent: true });
      stage.driven.want([back, stage.shop]);
      await using load = steady(stage.driven.url);
      // Requests that began before the abort are over; each that begins after it goes to blue, whichever worker takes it.
      await load.more(40);
      expect(Object.keys(load.counts)).toEqual(["blue"]);
      await stage.driven.applied([back]);
      await load.more(40);
      await load.stop();
      expect(Object.keys(load.counts)).toEqual(["blue"]);
    },
  );

  test("waits, and says why, where nginx does not see the tables", async () => {
    rmSync(join(stage.driven.settings.tables, ".probe"));
    const part = shifted(stage.web, 5_000);
    stage.driven.want([part, stage.shop]);
    const report = await stage.driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toContain("do not see the live tables");
    expect(report.services.web?.version).toBeUndefined();
    expect(await count(stage.driven.url, 20)).toEqual({ blue: 20 });
  });

  test("moves to a third pool by a reload first, and never to a pool that nginx does not know", async () => {
    const red = {
      ...stage.web,
      version: 2,
      endpoints: { ...stage.web.endpoints, red: { [stage.green.address]: "ready" as const } },
    };
    await applied(stage.web, stage.shop);
    const part: Route = { ...red, version: 3, other: "red", shares: { blue: 5_000, red: 5_000 } };
    await applied(part, stage.shop);
    const counts = await count(stage.driven.url, 200);
    expect(counts.green).toBeGreaterThan(50);
    expect(counts.blue).toBeGreaterThan(50);
  });
});
