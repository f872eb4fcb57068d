import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import { render } from "../../src/nginx/render.ts";
import { logFolder } from "../../src/nginx/settings.ts";
import type { Site } from "../../src/nginx/site.ts";
import { makePrefix, testHttp } from "../support/nginx.ts";
import { siteIn, TEMPLATES, writeSet } from "../support/rendering.ts";
import { routeOf } from "../support/routes.ts";

const prefix = makePrefix();
let site: Site;
beforeAll(async () => {
  site = await siteIn(prefix);
  mkdirSync(logFolder(site.tables));
});
afterAll(() => rmSync(prefix, { recursive: true }));

const POOLS = { blue: ["127.0.0.1:8001"], green: ["127.0.0.1:9001"] };
const service = (name: string, shape: Partial<Route["shape"]>) => routeOf(POOLS, { service: name, shape });
const shared = (routes: readonly Route[]) =>
  render({ site, routes, stubs: [] }, TEMPLATES).files("1-00000000").get("00-sluice.http.conf") ?? "";

describe("the log of requests", () => {
  test("is not rendered where no service wants it", () => {
    expect(shared([service("web", {}), service("api", { routing: "weighted" })])).not.toMatch(/log_format|\$proxy_host/);
  });

  test("is one for all services that want it, and names no other", () => {
    const text = shared([
      service("web", { log: { sample: 10_000 } }),
      service("api", { routing: "weighted", log: { sample: 10_000 } }),
      service("quiet", {}),
    ]);
    expect(text.match(/^access_log /gm)).toHaveLength(1);
    expect(text).toContain(`access_log ${site.tables}/log/requests.log sluice buffer=64k flush=500ms if=$sluice_pool;`);
    expect(text).toContain('web_green "web green 10000 $sluice_x_random/$sluice_y_random $web_went";');
    expect(text).toContain('api "api - 10000";');
    expect(text).not.toContain("quiet_blue");
  });

  test("divides the requests of a busy service by a part of its own", () => {
    const text = shared([service("web", { log: { sample: 1_250 } }), service("api", { log: { sample: 10_000 } })]);
    expect(text).toContain("12.50% 1;");
    expect(text).toContain("web_blue $sluice_sample_1250;");
    expect(text).toContain("api_blue 1;");
    expect(text).toContain("if=$sluice_on;");
  });

  test.each([
    ["overrides and a sample", [service("web", { overrides: { header: "X-Canary", cookie: "c" }, log: { sample: 1 } })]],
    ["the longest names", [service("a".repeat(40), { log: { sample: 10_000 } })]],
    ["the longest names and a sample", [service("a".repeat(40), { routing: "weighted", log: { sample: 9_999 } })]],
    ["long names of pools", [routeOf({ ["b".repeat(40)]: ["127.0.0.1:1"], c: [] }, { shape: { log: { sample: 10_000 } } })]],
    ["a service without another pool", [{ ...service("web", { log: { sample: 10_000 } }), other: null }]],
  ])("nginx takes it with %s", async (_, routes) => {
    rmSync(join(prefix, "current"), { recursive: true, force: true });
    writeSet(prefix, site, routes);
    const said = await testHttp(prefix, `include ${prefix}/current/*.http.conf;`);
    expect(said.text).toContain("test is successful");
  });
});
