import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import { render, renderService, type Stub } from "../../src/nginx/render.ts";
import { RenderError } from "../../src/nginx/render-error.ts";
import type { Site } from "../../src/nginx/site.ts";
import { makePrefix, testHttp } from "../support/nginx.ts";
import { siteIn, TEMPLATES, writeSet } from "../support/rendering.ts";
import { routeOf } from "../support/routes.ts";

const prefix = makePrefix();
let site: Site;
beforeAll(async () => {
  site = await siteIn(prefix);
});
afterAll(() => rmSync(prefix, { recursive: true }));

const BLUE = ["127.0.0.1:8001", "127.0.0.1:8002"];
const GREEN = ["127.0.0.1:9001", "[::1]:9002"];
const both = (more: Parameters<typeof routeOf>[1] = {}) => routeOf({ blue: BLUE, green: GREEN }, more);

/** What nginx says of a set, with `server { … }` as the user would write it. */
async function tested(
  routes: readonly Route[],
  server = "",
  stubs: readonly Stub[] = [],
): Promise<{ ok: boolean; text: string }> {
  rmSync(join(prefix, "current"), { recursive: true, force: true });
  writeSet(prefix, site, routes, { stubs });
  return testHttp(prefix, `include ${prefix}/current/*.http.conf;\nserver { listen 127.0.0.1:1;\n${server}\n}`);
}

const include = (file: string) => `include ${join(prefix, "current", file)};`;
const SERVER_FORM = () =>
  `${include("web.server.conf")} location / { proxy_pass http://$web_pool; } ${include("sluice.closing.conf")}`;
const LOCATION_FORM = () => `location / { ${include("web.location.conf")} } ${include("sluice.closing.conf")}`;

describe("nginx takes", () => {
  const tries = { maxFails: 2, failTimeoutMs: 10_000, keepalive: 8 };
  test.each([
    ["a weighted service", both({ shape: { routing: "weighted" } })],
    ["a share of 0.01 %", both({ shares: { blue: 9_999, green: 1 }, shape: { routing: "weighted" } })],
    ["a share of 100 % on the other pool", both({ shares: { green: 10_000 }, shape: { routing: "weighted" } })],
    ["max_fails, fail_timeout and keepalive", both({ shape: { routing: "weighted", tries } })],
    ["a service without any member", routeOf({ blue: [], green: [] }, { shape: { routing: "weighted" } })],
    [
      "a service whose members are all down",
      routeOf({ blue: { "127.0.0.1:1": "down" }, green: [] }, { shape: { routing: "weighted" } }),
    ],
    ["three pools", routeOf({ blue: BLUE, green: GREEN, red: ["127.0.0.1:7"] }, { shape: { routing: "weighted" } })],
    [
      "a pool of 300",
      routeOf(
        { blue: Array.from({ length: 300 }, (_, at) => `127.0.0.1:${at + 1}`), green: GREEN },
        { shape: { routing: "weighted" } },
      ),
    ],
  ])("%s, weighted", async (_, route) => {
    expect(await tested([route], "location / { proxy_pass http://web; }")).toMatchObject({ ok: true });
  });

  test.each<readonly [string, Route]>([
    ["random", both()],
    ["address", both({ shape: { key: { by: "address" } } })],
    ["header", both({ shape: { key: { by: "header", name: "X-User-Id" } } })],
    ["cookie", both({ shape: { key: { by: "cookie", name: "SID" } } })],
    ["override by header", both({ shape: { overrides: { header: "X-Canary", cookie: null } } })],
    ["override by cookie", both({ shape: { overrides: { header: null, cookie: "canary" } } })],
    ["override by both", both({ shape: { overrides: { header: "X-Canary", cookie: "canary" }, tries } })],
    ["no other pool", both({ other: null })],
    ["a pool without members", routeOf({ blue: BLUE, green: [] })],
    ["IPv6 only", routeOf({ blue: ["[::1]:80"], green: ["[2001:db8::1]:80"] })],
  ])("live with %s, in the server form and in the location form", async (_, route) => {
    expect(await tested([route], SERVER_FORM())).toMatchObject({ ok: true });
    expect(await tested([route], LOCATION_FORM())).toMatchObject({ ok: true });
  });

  test("services that share keys, and names with a dash", async () => {
    const routes = ["web", "web-app", "shop"].map((service) => both({ service, shape: { key: { by: "cookie", name: "SID" } } }));
    const server = `${include("web-app.server.conf")} location /s { ${include("shop.location.conf")} } location / { proxy_pass http://$web_app_pool; }`;
    expect(await tested(routes, server)).toMatchObject({ ok: true });
  });

  test("the stubs of services that were removed, so that an include of the user's does not stop it", async () => {
    const stubs: Stub[] = [
      { service: "web", routing: "live" },
      { service: "gone", routing: "weighted" },
    ];
    const other = both({ service: "shop" });
    expect(await tested([other], `${SERVER_FORM()} location /g { proxy_pass http://gone; }`, stubs)).toMatchObject({ ok: true });
    expect(await tested([other], LOCATION_FORM(), stubs)).toMatchObject({ ok: true });
    expect((await tested([other], SERVER_FORM(), [])).ok).toBe(false);
  });

  test("the old includes of a service that became weighted", async () => {
    const stubs: Stub[] = [{ service: "web", routing: "live" }];
    expect(await tested([both({ shape: { routing: "weighted" } })], SERVER_FORM(), stubs)).toMatchObject({ ok: true });
    expect(await tested([both({ shape: { routing: "weighted" } })], LOCATION_FORM(), stubs)).toMatchObject({ ok: true });
  });

  test("a thousand services, rendered in well under a second", async () => {
    const routes = Array.from({ length: 1_000 }, (_, at) =>
      both({ service: `s${at}`, shape: { overrides: { header: "X-Canary", cookie: null } } }),
    );
    // The processor's time, because tests run side by side.
    const before = process.cpuUsage();
    render({ site, routes, stubs: [] }, TEMPLATES);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
    expect(await tested(routes)).toMatchObject({ ok: true });
  });
});

describe("a set", () => {
  const set = (routes: readonly Route[]) => render({ site, routes, stubs: [] }, TEMPLATES);

  test("is the same whatever the order of its services and members, and holds its files in order", () => {
    const one = set([both({ service: "b" }), both({ service: "a" })]);
    const two = set([
      both({ service: "a" }),
      routeOf({ green: [...GREEN].reverse(), blue: [...BLUE].reverse() }, { service: "b", base: "blue" }),
    ]);
    expect(one.hash).toBe(two.hash);
    expect([...one.files("1-00000000")]).toEqual([...two.files("1-00000000")]);
    expect([...one.files("1-00000000").keys()]).toEqual([
      "00-sluice.http.conf",
      "a.http.conf",
      "a.location.conf",
      "a.server.conf",
      "b.http.conf",
      "b.location.conf",
      "b.server.conf",
      "sluice.closing.conf",
    ]);
  });

  test("has another hash where a byte differs, and none where only the generation does", () => {
    expect(set([both()]).hash).toMatch(/^[0-9a-f]{8}$/);
    expect(set([both({ version: 2, shares: { blue: 5_000, green: 5_000 } })]).hash).toBe(set([both()]).hash);
    expect(set([both({ base: "green", other: "blue" })]).hash).not.toBe(set([both()]).hash);
  });

  test("carries its generation in the file that all share, and says in each whose it is", () => {
    const [shared, ...own] = set([both()]).files("7-0123abcd").values();
    expect(shared).toMatch(/^# Generated by Sluice, generation 7-0123abcd\. Do not edit/);
    for (const text of own) {
      expect(text).toMatch(/^# Generated by Sluice\. Do not edit/);
      expect(text).not.toContain("7-0123abcd");
    }
    expect(() => set([both()]).files("7")).toThrow("number-hash");
  });

  test("is rendered anew for another site, although the route is the same", () => {
    const route = both();
    const at = (tables: string) => render({ site: { ...site, tables }, routes: [route], stubs: [] }, TEMPLATES);
    expect(at("/a").files("1-00000000").get("web.server.conf")).toContain("if (-e /a/web.green/");
    expect(at("/b").files("1-00000000").get("web.server.conf")).toContain("if (-e /b/web.green/");
  });

  test("uses keepalive_min_timeout instead of the closing flag where nginx has it", () => {
    const newer = { ...site, capabilities: { ...site.capabilities, keepaliveMinTimeout: true } };
    const closing = (at: Site) =>
      render({ site: at, routes: [], stubs: [] }, TEMPLATES).files("1-00000000").get("sluice.closing.conf");
    expect(closing(newer)).toContain("keepalive_min_timeout 1s;");
    expect(closing(newer)).not.toContain("497");
    expect(closing(site)).toContain(`if (-f ${site.closingFlag})`);
  });
});

describe("a value that nginx's grammar does not allow", () => {
  const evil = 'x; } server { listen 80; location / { root /; } } #"';
  const cases: readonly (readonly [string, Route, RegExp])[] = [
    [
      "an endpoint",
      routeOf({ blue: [`127.0.0.1:80;${evil}`], green: [] }),
      /service web: endpoint of pool blue: .* is not an address/,
    ],
    ["an endpoint with a line break", routeOf({ blue: ["127.0.0.1:80\n"], green: [] }), /endpoint of pool blue/],
    ["a socket", routeOf({ blue: ["unix:/var/run/docker.sock"], green: [] }), /endpoint of pool blue/],
    ["a name to resolve", routeOf({ blue: ["localhost:80"], green: [] }), /endpoint of pool blue/],
    ["a pool's name", routeOf({ [evil]: BLUE, green: GREEN }, { base: "green", other: null }), /is not a name/],
    ["a header", both({ shape: { overrides: { header: "X{", cookie: null } } }), /override header: .* is not a header's name/],
    [
      "a cookie",
      both({ shape: { overrides: { header: null, cookie: "a-b" } } }),
      /override cookie: .* is not a cookie's name that nginx can read/,
    ],
    ["a key", both({ shape: { key: { by: "header", name: "$x" } } }), /is not/],
    [
      "a time below a second",
      both({ shape: { tries: { maxFails: 1, failTimeoutMs: 500, keepalive: 0 } } }),
      /failTimeout in seconds/,
    ],
    ["a fraction of a connection", both({ shape: { tries: { maxFails: 0, failTimeoutMs: 0, keepalive: 1.5 } } }), /keepalive/],
    ["a default pool that is none", both({ base: "red" }), /default pool: "red" is none of its pools blue, green/],
    ["shares that are not whole", both({ shares: { blue: 9_000 } }), /sum to 10 000/],
    ["a variable that nginx's hash cannot hold", both({ service: "x".repeat(50) }), /short enough for a variable/],
  ];
  test.each(cases)("as %s is refused, in the name of its service", (_, route, message) => {
    const error = caught(() => renderService(site, route, TEMPLATES));
    expect(error).toBeInstanceOf(RenderError);
    expect(error).toMatchObject({ service: route.service, message: expect.stringMatching(message) });
    const inSet = caught(() => render({ site, routes: [both({ service: "shop" }), route], stubs: [] }, TEMPLATES));
    expect(inSet).toMatchObject({ service: route.service });
  });

  test("as a service's name is refused", () => {
    for (const service of [evil, "a b", "a\n", "../x"])
      expect(() => renderService(site, both({ service }), TEMPLATES)).toThrow(RenderError);
  });

  test.each([
    ["tables", "/t;"],
    ["tables", "/t/$x"],
    ["status", "0.0.0.0:80"],
    ["closingFlag", "closing"],
  ])("as %s of the site is refused, in nobody's name", (field, value) => {
    const error = caught(() => render({ site: { ...site, [field]: value }, routes: [], stubs: [] }, TEMPLATES));
    expect(error).toMatchObject({ name: "RenderError", service: null });
  });

  test("is found for one service alone, while the others render", () => {
    const bad = routeOf({ blue: ["nowhere"], green: [] }, { service: "shop" });
    expect(() => renderService(site, bad, TEMPLATES)).toThrow("service shop");
    expect([...renderService(site, both(), TEMPLATES).keys()]).toEqual(["web.http.conf", "web.server.conf", "web.location.conf"]);
  });
});

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
}
