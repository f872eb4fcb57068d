import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import { defaultTemplates, loadTemplates, type Templates } from "../../src/nginx/template.ts";
import { count } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { routeOf } from "../support/routes.ts";
import { type Stage, shifted, startStage } from "../support/stage.ts";

/** A template of the user's with a zone: nginx's test lets its key change, and the running nginx does not. */
const ZONE = `limit_req_zone {{#if keepalive}}$binary_remote_addr{{else}}$remote_addr{{/if}} zone={{name zone}}_rate:1m rate=1r/s;\n`;

let folder: string;
let templates: Templates;
let stage: Stage;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-templates-"));
  writeFileSync(
    join(folder, "weighted.http.hbs"),
    `${readFileSync(join(defaultTemplates(), "weighted.http.hbs"), "utf8")}${ZONE}`,
  );
  templates = await loadTemplates(defaultTemplates(), folder);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => stage[Symbol.asyncDispose]());

const signals = () => stage.driven.nginx.logs().split("(SIGHUP) received").length - 1;
const dropped = () => stage.driven.nginx.logs().split("while previously it used").length - 1;

/** The change that nginx drops: another key for the same zone. */
const worse = (route: Route) =>
  shifted(route, 5_000, { shape: { ...route.shape, tries: { ...route.shape.tries, keepalive: 8 } } });

async function startWith(names: readonly string[], http = ""): Promise<readonly Route[]> {
  let routes: readonly Route[] = [];
  stage = await startStage({
    templates,
    // Half of every pace and backoff; what is proved is still looked at until it is seen.
    monotonic: () => performance.now() * 2,
    settings: { deadlineMs: 20_000 },
    http: () => http,
    more: (blue, green) => {
      routes = names.map((service) => routeOf({ blue: [blue], green: [green] }, { service, shape: { routing: "weighted" } }));
      return routes;
    },
  });
  const all = [stage.web, stage.shop, ...routes];
  stage.driven.want(all);
  await stage.driven.applied(all);
  return routes;
}

const service = (name: string) => stage.driven.report().services[name];

describe("a change that nginx drops after the signal", () => {
  test("is found by real reloads, of two services at once too, and the others go on", { timeout: 30_000 }, async () => {
    const [a, b, c, d] = (await startWith(["a", "b", "c", "d"])) as [Route, Route, Route, Route];
    const before = signals();
    const wanted = [stage.web, shifted(stage.shop, 5_000), shifted(a, 5_000), worse(b), shifted(c, 5_000), worse(d)];
    const good = wanted.filter(({ service }) => service !== "b" && service !== "d");
    stage.driven.want(wanted);
    await stage.driven.reported("it says what it does", (one) => one.waiting?.includes("nginx dropped a change") === true);
    await stage.driven.applied(good, 20_000);
    await stage.driven.reported("both are told", () => service("b")?.refused !== null && service("d")?.refused !== null);
    for (const name of ["b", "d"]) {
      expect(service(name)).toMatchObject({ version: 1, refused: { version: 2 } });
      expect(service(name)?.refused?.text).toContain(`limit_req "sluice_${name}_rate" uses the "$binary_remote_addr" key`);
    }
    expect(stage.driven.report().blocked).toBeNull();
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 10, green: 10 });
    // All, the set before, and for each culprit a halving or two and the rest.
    expect(signals() - before).toBeLessThanOrEqual(9);

    // What was found is remembered: where it is tried again, nginx's words tell, and the next change of another service is one reload.
    const [signalled, refused] = [signals(), dropped()];
    await until("one of them is tried again", () => dropped() > refused);
    const next = shifted(a, 2_000, { version: 3 });
    const still = shifted(worse(b), 2_000, { version: 3 });
    stage.driven.want(wanted.map((route) => (route.service === "a" ? next : route.service === "b" ? still : route)));
    await stage.driven.applied([next]);
    expect(service("b")).toMatchObject({ version: 1, refused: { version: 3 } });
    expect(signals() - signalled - (dropped() - refused)).toBe(1);

    // It is mended: that is tried at once.
    const mended = wanted.map((route) => ({ ...route, version: 4, shape: { ...route.shape, tries: a.shape.tries } }));
    stage.driven.want(mended);
    await stage.driven.applied(mended);
    expect(stage.driven.report().blocked).toBeNull();
  });

  test("does not hold up the way back of another service", { timeout: 20_000 }, async () => {
    const [a, b, c] = (await startWith(["a", "b", "c"])) as [Route, Route, Route];
    const half = shifted(stage.shop, 5_000);
    stage.driven.want([stage.web, half, a, b, c]);
    await stage.driven.applied([half]);
    const changed = [worse(a), shifted(b, 5_000), worse(c)];
    stage.driven.want([stage.web, half, ...changed]);
    await stage.driven.reported("it is looked for", (one) => one.waiting?.includes("nginx dropped a change") === true);
    const back = shifted(half, 0, { urgent: true });
    const start = performance.now();
    stage.driven.want([stage.web, back, ...changed]);
    await stage.driven.applied([back]);
    expect(performance.now() - start).toBeLessThan(900);
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 20 });
    expect(service("b")?.version).toBe(1);
    await stage.driven.applied([back, changed[1] as Route], 15_000);
    await stage.driven.reported("both are told", () => service("a")?.refused !== null && service("c")?.refused !== null);
  });

  test("is nobody's where nginx drops what it serves, too: everything waits, with nginx's words", async () => {
    const zone = (key: string) => `limit_req_zone ${key} zone=mine:1m rate=1r/s;`;
    const [a] = (await startWith(["a"], zone("$remote_addr"))) as [Route];
    const { config } = stage.driven.nginx;
    const main = readFileSync(config, "utf8");
    writeFileSync(config, main.replace(zone("$remote_addr"), zone("$binary_remote_addr")));
    const wanted = [stage.web, shifted(stage.shop, 5_000), shifted(a, 5_000)];
    stage.driven.want(wanted);
    const report = await stage.driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toContain('limit_req "mine" uses the "$binary_remote_addr" key');
    expect(Object.values(report.services).map((one) => one.refused)).toEqual([null, null, null]);
    expect(dropped()).toBe(2);
    expect(await count(`${stage.driven.url}/shop`, 10)).toEqual({ blue: 10 });
    writeFileSync(config, main);
    await stage.driven.applied(wanted);
    expect(stage.driven.report().blocked).toBeNull();
  });
});
