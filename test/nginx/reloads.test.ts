import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Report, Route } from "../../src/core/route.ts";
import { ask, count, steady } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { routeOf } from "../support/routes.ts";
import { SERVER, type Stage, shifted, startStage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage[Symbol.asyncDispose]());

const reloads = () => stage.driven.nginx.logs().split("(SIGHUP) received").length - 1;
const others = (blue: string, green: string) =>
  Array.from({ length: 50 }, (_, index) =>
    routeOf({ blue: [blue], green: [green] }, { service: `s${index}`, shape: { routing: "weighted" } }),
  );

async function applied(routes: readonly Route[], limitMs?: number) {
  stage.driven.want(routes);
  return stage.driven.applied(routes, limitMs);
}

describe("the lane of reloads", () => {
  test("makes one generation and one reload of 50 services that change together", async () => {
    let many: readonly Route[] = [];
    stage = await startStage({
      // Changes are gathered for a quarter of a second; a busy machine may need more to render and test them.
      monotonic: () => performance.now() / 5,
      more: (blue, green) => {
        many = others(blue, green);
        return many;
      },
    });
    await applied([stage.web, stage.shop, ...many]);
    const isBringing = (one: Report) => one.waiting?.includes("being brought") === true;
    const first = await stage.driven.reported(
      "it is at rest",
      (one) => one.waiting === null && stage.driven.reports.some(isBringing),
    );
    const before = reloads();
    const now = [...many];
    for (const [index, route] of many.entries()) {
      now[index] = shifted(route, 1_000);
      stage.driven.want([stage.web, stage.shop, ...now]);
      // The others meet the first on its way.
      if (index === 0) await stage.driven.reported("it is on its way", isBringing);
    }
    const report = await stage.driven.applied(now);
    expect(Number.parseInt(report.generation, 10)).toBe(Number.parseInt(first.generation, 10) + 1);
    expect(reloads()).toBe(before + 1);
  });

  test("does not reload where nothing differs, whatever the version says", async () => {
    stage = await startStage();
    await applied([stage.web, stage.shop]);
    const before = reloads();
    await applied([
      { ...stage.web, version: 7 },
      { ...stage.shop, version: 9 },
    ]);
    expect(reloads()).toBe(before);
  });

  test("loses no request of keep-alive clients with the closing include", async () => {
    stage = await startStage({ workers: 2, settings: { closingMs: 300 } });
    let { shop } = stage;
    await applied([stage.web, shop]);
    await using load = steady(`${stage.driven.url}/shop`, { connections: 20, pauseMs: 10 });
    for (const share of [2_000, 5_000, 8_000]) {
      shop = shifted(shop, share);
      await applied([stage.web, shop]);
      await load.more(50);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(Object.keys(load.counts).sort()).toEqual(["blue", "green"]);
    expect(readdirSync(stage.driven.settings.tables)).not.toContain(".closing");
  });

  test("is waited for by no way back, which loses no request of clients with short pauses all the same", async () => {
    stage = await startStage({ workers: 2, settings: { closingMs: 60_000 } });
    const { web, shop } = stage;
    await applied([web, { ...shop, urgent: true }]);
    await using load = steady(`${stage.driven.url}/shop`, { connections: 20, pauseMs: 10 });
    for (const share of [2_000, 5_000, 0]) {
      await applied([web, { ...shifted(shop, share), version: share + 1, urgent: true }]);
      await load.more(50);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(readdirSync(stage.driven.settings.tables)).not.toContain(".closing");
  });

  test("leaves out the service that cannot be rendered, and says why", async () => {
    stage = await startStage();
    await applied([stage.web, stage.shop]);
    const bad: Route = { ...shifted(stage.shop, 5_000), endpoints: { blue: { "not an address": "ready" }, green: {} } };
    const good: Route = {
      ...stage.web,
      version: 2,
      endpoints: { ...stage.web.endpoints, green: { [stage.blue.address]: "ready" } },
    };
    stage.driven.want([good, bad]);
    const report = await stage.driven.applied([good]);
    expect(report.services.shop).toMatchObject({ version: 1, refused: { version: 2 } });
    expect(report.services.shop?.refused?.text).toContain("shop");
    expect(report.blocked).toBeNull();
    expect(await count(`${stage.driven.url}/shop`, 10)).toEqual({ blue: 10 });
    const mended = shifted(bad, 10_000, { endpoints: stage.shop.endpoints });
    await applied([good, mended]);
    expect(await count(`${stage.driven.url}/shop`, 10)).toEqual({ green: 10 });
  });

  test("finds the service that only clashes with the user's own configuration, and lets the others go on", async () => {
    stage = await startStage({ http: () => "upstream taken { server 127.0.0.1:1; }" });
    await applied([stage.web, stage.shop]);
    const pools = stage.shop.endpoints;
    const names = ["alpha", "taken", "zeta", "omega", "beta"];
    const fresh = names.map((service): Route => ({ ...stage.shop, service, endpoints: pools }));
    stage.driven.want([stage.web, stage.shop, ...fresh]);
    const report = await stage.driven.applied(fresh.filter((route) => route.service !== "taken"));
    expect(report.services.taken).toMatchObject({ version: 0, refused: { version: 1 } });
    expect(report.services.taken?.refused?.text).toContain('duplicate upstream "taken"');
    expect(report.blocked).toBeNull();
    expect(await stage.driven.nginx.test()).toMatchObject({ ok: true });
  });

  test("sends back a weighted service although its members cannot be rendered", async () => {
    stage = await startStage();
    const half = shifted(stage.shop, 5_000, { by: { rollout: "shop-1", seq: 1 } });
    await applied([stage.web, half]);
    const back = shifted(half, 0, {
      urgent: true,
      by: { rollout: "shop-1", seq: 2 },
      endpoints: { ...half.endpoints, green: { nonsense: "ready" } },
    });
    const start = performance.now();
    const report = await applied([stage.web, back]);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(report.services.shop).toMatchObject({ by: { rollout: "shop-1", seq: 2 }, shares: { blue: 10_000 } });
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 20 });
  });

  test("paces changes forward and says so, but never the way back", async () => {
    stage = await startStage();
    let { shop } = stage;
    await applied([stage.web, shop]);
    shop = shifted(shop, 1_000);
    await applied([stage.web, shop]);
    const start = performance.now();
    shop = shifted(shop, 2_000);
    stage.driven.want([stage.web, shop]);
    await stage.driven.reported("it says what it waits for", (one) => one.waiting?.includes("the next reload") === true);
    shop = shifted(shop, 0, { urgent: true });
    await applied([stage.web, shop]);
    expect(performance.now() - start).toBeLessThan(900);
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 20 });
  });

  test("shows what nginx says of a fault outside its own files, and goes on once that is mended", async () => {
    stage = await startStage();
    await applied([stage.web, stage.shop]);
    const { config } = stage.driven.nginx;
    const good = readFileSync(config, "utf8");
    writeFileSync(config, good.replace("access_log off;", "access_log off; proxy_pass_secret_token hunter2;"));
    const half = shifted(stage.shop, 5_000);
    stage.driven.want([stage.web, half]);
    const report = await stage.driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toContain("with or without Sluice's changes");
    expect(JSON.stringify(stage.driven.reports)).not.toContain("hunter2");
    expect(await count(`${stage.driven.url}/shop`, 10)).toEqual({ blue: 10 });
    writeFileSync(config, good);
    await stage.driven.applied([half]);
    expect(stage.driven.report().blocked).toBeNull();
  });

  test("notices a taken port, which passes nginx's test, and leaves what was served in place", async () => {
    stage = await startStage();
    await applied([stage.web, stage.shop]);
    const port = await freePort();
    const taker = createServer().listen(port, "127.0.0.1");
    const { config } = stage.driven.nginx;
    const good = readFileSync(config, "utf8");
    writeFileSync(config, good.replace("access_log off;", `access_log off; server { listen 127.0.0.1:${port}; }`));
    const generation = stage.driven.report().generation;
    const half = shifted(stage.shop, 5_000);
    stage.driven.want([stage.web, half]);
    const report = await stage.driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toMatch(/bind\(\).*Address already in use|could not bind/);
    expect(report.generation).toBe(generation);
    expect(readdirSync(stage.driven.settings.include)).not.toContain("pending");
    expect(await count(`${stage.driven.url}/shop`, 10)).toEqual({ blue: 10 });
    const live = shifted(stage.web, 10_000);
    stage.driven.want([live, half]);
    expect((await ask(stage.driven.url)).version).toBe("green");
    await new Promise((resolve) => taker.close(resolve));
    await stage.driven.applied([live, half], 15_000);
    expect(stage.driven.report().blocked).toBeNull();
  });

  test("notices files that were edited by hand, and puts them right with the next change, whatever that changes", async () => {
    stage = await startStage();
    await applied([stage.web, stage.shop]);
    const edited = ["shop.http.conf", "web.server.conf"].map((name) => join(stage.driven.settings.include, "current", name));
    for (const file of edited) appendFileSync(file, "# mine\n");
    const report = await stage.driven.reported(
      "it says so",
      (one) => one.waiting?.includes("shop.http.conf, web.server.conf") === true,
    );
    expect(report.blocked).toBeNull();
    const half = shifted(stage.shop, 5_000);
    await applied([stage.web, half]);
    for (const file of edited) expect(readFileSync(file, "utf8")).not.toContain("# mine");
    await stage.driven.reported("it is right again", (one) => one.waiting === null);
  });

  test("counts the generations that still serve old connections", async () => {
    stage = await startStage({ workers: 2 });
    await applied([stage.web, stage.shop]);
    stage.blue.setDelay(2_500);
    const slow = ask(`${stage.driven.url}/shop`);
    await until("the slow request has arrived", () => stage.blue.count === 1);
    await applied([stage.web, shifted(stage.shop, 5_000)]);
    expect(stage.driven.report().lingering).toBe(1);
    expect(await slow).toMatchObject({ status: 200, version: "blue" });
    await stage.driven.reported("none lingers", (one) => one.lingering === 0);
  });

  test("keeps an nginx that includes a service working after the service is removed", async () => {
    stage = await startStage();
    await applied([stage.web, stage.shop]);
    stage.driven.want([stage.shop]);
    await stage.driven.reported("it is gone", (one) => one.services.web === undefined && one.waiting === null);
    await until("nginx answers 502", async () => (await ask(stage.driven.url)).status === 502);
    expect(await stage.driven.nginx.test()).toMatchObject({ ok: true });
    expect(SERVER).toContain("web.server.conf");
  });
});
