import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import type { Site } from "../../src/nginx/site.ts";
import { ask, askEach, count } from "../support/client.ts";
import { type MemberServer, startMember } from "../support/members.ts";
import { makePrefix, type Nginx, startNginx } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { siteIn, writeSet, writeTable } from "../support/rendering.ts";
import { routeOf } from "../support/routes.ts";

/**
 * What the rendered files of a `live` service make nginx do, with tables made by hand: one nginx with a service per kind of key
 * and override. Each has a port (server form), `web` a second one (location form).
 */
const prefix = makePrefix();
let site: Site;
let nginx: Nginx;
let blue: MemberServer;
let green: MemberServer;
const urls = new Map<string, string>();
const url = (name: string) => urls.get(name) ?? expect.unreachable(`no server ${name}`);

/** Swaps a service's table for one that has `buckets` of 10 000. */
function table(service: string, buckets: number, yes = true): void {
  rmSync(join(site.tables, `${service}.green`), { force: true });
  writeTable(site, `${service}.green`, buckets, yes);
}

const KEY = { by: "header", name: "X-User" } as const;

function routes(): readonly Route[] {
  const service = (name: string, shape: Partial<Route["shape"]>) =>
    routeOf({ blue: [blue.address], green: [green.address] }, { service: name, shape });
  return [
    service("web", { key: KEY, overrides: { header: "X-Canary", cookie: "canary" } }),
    service("by-header", { key: KEY, overrides: { header: "X-Canary", cookie: null } }),
    service("by-cookie", { key: KEY, overrides: { header: null, cookie: "canary" } }),
    service("dice", { key: { by: "random" } }),
    service("address", { key: { by: "address" } }),
    service("cookie", { key: { by: "cookie", name: "sid" } }),
    { ...service("alone", {}), other: null },
  ];
}

async function serverForm({ service }: Route, current: string): Promise<string> {
  const port = await freePort();
  urls.set(service, `http://127.0.0.1:${port}/`);
  const pass = `proxy_pass http://$${service.replaceAll("-", "_")}_pool; proxy_set_header Host $host;`;
  return `server { listen 127.0.0.1:${port}; include ${current}/${service}.server.conf;
    set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;
    location / { ${pass} } location ~ ^/one/(.+)$ { add_header x-one $1; ${pass} }
    include ${current}/sluice.closing.conf; }`;
}

beforeAll(async () => {
  site = await siteIn(prefix);
  blue = await startMember({ name: "blue", version: "blue" });
  green = await startMember({ name: "green", version: "green" });
  writeSet(prefix, site, routes(), { number: 7 });
  const current = join(prefix, "current");
  const servers = await Promise.all(routes().map((route) => serverForm(route, current)));
  const port = await freePort();
  urls.set("web-location", `http://127.0.0.1:${port}/`);
  const location = `server { listen 127.0.0.1:${port}; location / { include ${current}/web.location.conf; } }`;
  nginx = await startNginx({ prefix, workers: 2, http: `include ${current}/*.http.conf;\n${servers.join("\n")}\n${location}` });
});

afterAll(async () => {
  await nginx[Symbol.asyncDispose]();
  await blue[Symbol.asyncDispose]();
  await green[Symbol.asyncDispose]();
  rmSync(prefix, { recursive: true });
});

describe("a table", () => {
  test("that is absent or empty leaves everybody on the default", async () => {
    rmSync(join(site.tables, "dice.green"), { force: true });
    expect(await count(url("dice"), 50)).toEqual({ blue: 50 });
    table("dice", 0);
    expect(await count(url("dice"), 50)).toEqual({ blue: 50 });
  });

  test("that is full sends everybody to the other pool", async () => {
    table("dice", 10_000);
    expect(await count(url("dice"), 50)).toEqual({ green: 50 });
    expect(await count(url("dice"), 50, { keepAlive: true })).toEqual({ green: 50 });
  });

  test.each([false, true])("that is half full sends half of the requests (on a kept connection: %s)", async (keepAlive) => {
    table("dice", 5_000);
    const counts = await count(url("dice"), 600, { keepAlive });
    // Five standard deviations of 600 throws of a coin.
    expect(counts.green).toBeGreaterThan(300 - 62);
    expect(counts.green).toBeLessThan(300 + 62);
  });

  test("holds from the next request on, on a connection that is open already", async () => {
    table("dice", 0);
    table("dice", 10_000);
    const swap = (buckets: number) => {
      symlinkSync(`dice.green.${buckets}.true`, join(site.tables, "next"));
      renameSync(join(site.tables, "next"), join(site.tables, "dice.green"));
      return {};
    };
    const counts = await count(url("dice"), 20, { keepAlive: true, headers: (index) => swap(index % 2 === 0 ? 0 : 10_000) });
    expect(counts).toEqual({ blue: 10, green: 10 });
  });

  test("moves users one way while it fills, the same users in both forms", async () => {
    // Which users are in which bucket is nginx's hash, the same on every run.
    const users = 300;
    const headers = Array.from({ length: users }, (_, user) => ({ "X-User": `user-${user}` }));
    const greens = async (form: string) => {
      const answers = await askEach(url(form), headers);
      return answers.flatMap(({ version }, user) => (version === "green" ? [user] : []));
    };
    let before: readonly number[] = [];
    for (const [buckets, least, most] of [
      [500, 5, 30],
      [5_000, 130, 170],
      [10_000, users, users],
    ] as const) {
      table("web", buckets);
      const now = await greens("web");
      expect(await greens("web-location")).toEqual(now);
      expect(now.length).toBeGreaterThanOrEqual(least);
      expect(now.length).toBeLessThanOrEqual(most);
      expect(now).toEqual(expect.arrayContaining([...before]));
      before = now;
    }
  });

  test("has ten thousand buckets: the two levels are independent of each other", async () => {
    const diagonal = join(site.tables, "diagonal");
    for (let at = 0; at < 100; at += 1) {
      const digits = String(at).padStart(2, "0");
      mkdirSync(join(diagonal, digits), { recursive: true });
      writeFileSync(join(diagonal, digits, digits), "");
    }
    rmSync(join(site.tables, "by-header.green"), { force: true });
    symlinkSync("diagonal", join(site.tables, "by-header.green"));
    const counts = await count(url("by-header"), 300, { headers: (user) => ({ "X-User": `user-${user}` }) });
    // One in a hundred, where levels that depend on each other would send everybody or nobody.
    expect(counts.green).toBeGreaterThan(0);
    expect(counts.green).toBeLessThan(15);
  });

  test("is not looked at where there is no other pool", async () => {
    table("alone", 10_000);
    expect(await count(url("alone"), 20)).toEqual({ blue: 20 });
  });
});

describe("an override", () => {
  const always = { "X-Canary": "always" };
  const never = { "X-Canary": "never" };
  test.each(["web", "web-location"])("by header or cookie chooses the pool (%s); the header comes first", async (form) => {
    table("web", 5_000);
    const version = async (headers: Record<string, string>) => (await ask(url(form), { "X-User": "user-1", ...headers })).version;
    expect(await version(always)).toBe("green");
    expect(await version(never)).toBe("blue");
    expect(await version({ cookie: "canary=always" })).toBe("green");
    expect(await version({ cookie: "a=b; canary=never" })).toBe("blue");
    expect(await version({ ...never, cookie: "canary=always" })).toBe("blue");
    expect(await version({ ...always, cookie: "canary=never" })).toBe("green");
  });

  test("by header alone and by cookie alone", async () => {
    table("by-header", 0);
    table("by-cookie", 0);
    expect((await ask(url("by-header"), always)).version).toBe("green");
    expect((await ask(url("by-header"), { cookie: "canary=always" })).version).toBe("blue");
    expect((await ask(url("by-cookie"), { cookie: "canary=always" })).version).toBe("green");
    expect((await ask(url("by-cookie"), always)).version).toBe("blue");
  });

  test("ends with the entry in the table", async () => {
    table("by-header", 0, false);
    expect((await ask(url("by-header"), always)).version).toBe("blue");
  });

  test.each(["yes", "00/00", "../web.green/yes", "always2", "/etc/passwd", ""])("of %j chooses nothing", async (value) => {
    // The one user whose bucket is in the table goes to green, everybody else to blue, whatever they say.
    table("by-header", 1);
    expect((await ask(url("by-header"), { "X-User": "user-1", "X-Canary": value })).version).toBe("blue");
  });
});

describe("a client is known", () => {
  test("by its cookie, and by one of nginx's own where it has none", async () => {
    table("cookie", 5_000);
    const version = async (cookie: string) => (await ask(url("cookie"), { cookie })).version;
    const first = new Set<string | null>();
    for (let user = 0; user < 30; user += 1) {
      const known = await version(`sid=user-${user}`);
      for (let again = 0; again < 3; again += 1) expect(await version(`sid=user-${user}`)).toBe(known);
      const answer = await ask(url("cookie"));
      const [own = ""] = String(answer.headers["set-cookie"]).split(";");
      expect(own).toMatch(/^sluice_uid=/);
      for (let again = 0; again < 3; again += 1) expect(await version(own)).toBe(answer.version);
      first.add(answer.version);
    }
    expect(first.size).toBe(2);
  });

  test("and an application's own cookie is left alone", async () => {
    const set = [(await ask(url("cookie"), { cookie: "sid=user-1" })).headers["set-cookie"]].flat().join();
    expect(set).not.toContain("sid=");
    expect(set).toMatch(/httponly/i);
  });

  test("by the first 64 bits of its IPv6 address, and by all of its IPv4 address", async () => {
    table("address", 5_000);
    const pool = async (address: string) => (await ask(url("address"), { "X-Real-IP": address })).version;
    const nets = new Set<string | null>();
    const hosts = new Set<string | null>();
    for (let net = 0; net < 20; net += 1) {
      const here = await pool(`2001:db8:0:${net}::1`);
      for (const host of ["::2", ":1:2:3:4", ":dead:beef:0:a0a"]) expect(await pool(`2001:db8:0:${net}${host}`)).toBe(here);
      nets.add(here);
      hosts.add(await pool(`192.0.2.${net}`));
    }
    expect(nets.size).toBe(2);
    expect(hosts.size).toBe(2);
  });

  test("without taking $1 from a location of the user's", async () => {
    for (const name of ["web", "address", "cookie"])
      for (const address of ["192.0.2.1", "2001:db8::1"]) {
        const answer = await ask(`${url(name)}one/two`, { "X-Real-IP": address, "X-Canary": "other" });
        expect(answer.headers["x-one"]).toBe("two");
      }
  });
});

describe("the status server", () => {
  const status = async (path: string) => JSON.parse((await ask(`http://${site.status}${path}`)).body) as Record<string, unknown>;

  test("says which generation a worker serves, and whether it sees the tables", async () => {
    const said = await status("/sluice");
    expect(said).toEqual({ generation: expect.stringMatching(/^7-[0-9a-f]{8}$/), pid: expect.any(Number), probe: true });
    expect(nginx.workers()).toContain(said.pid);
    rmSync(join(site.tables, ".probe"));
    expect((await status("/sluice")).probe).toBe(false);
    writeFileSync(join(site.tables, ".probe"), "");
  });

  test("says where a slot of a live service goes", async () => {
    table("by-header", 1);
    const pool = async (query: string) => (await status(`/sluice/by-header${query}`)).pool;
    expect(await pool("?slot=00/00")).toBe("green");
    expect(await pool("?slot=00/01")).toBe("blue");
    expect(await pool("?slot=yes")).toBe("green");
    expect(await pool("?slot=no")).toBe("blue");
    expect((await status("/sluice/alone?slot=yes")).pool).toBe("blue");
  });

  test("looks nothing up but entries of a table", async () => {
    table("by-header", 1);
    for (const odd of ["", "?slot=", "?slot=..", "?slot=00", "?slot=00/00/..", "?slot=../../.probe", "?slot=00/00%0a"])
      expect((await status(`/sluice/by-header${odd}`)).pool).toBe("blue");
  });

  test("closes each connection, and knows nothing else", async () => {
    const answer = await fetch(`http://${site.status}/sluice`);
    await answer.text();
    expect([answer.headers.get("connection"), answer.headers.get("content-type")]).toEqual(["close", "application/json"]);
    expect((await ask(`http://${site.status}/`)).status).toBe(404);
    expect((await ask(`http://${site.status}/sluice/nobody`)).status).toBe(404);
  });
});

test("the closing flag closes kept connections gracefully, and changes nothing else", async () => {
  const at = url("alone");
  const asked = async (path: string) => {
    const answer = await fetch(`${at}${path}`);
    return { status: answer.status, body: await answer.text(), connection: answer.headers.get("connection") };
  };
  expect(await asked("")).toEqual({ status: 200, body: "blue", connection: "keep-alive" });
  writeFileSync(site.closingFlag, "");
  expect(await asked("a/b?c=d")).toEqual({ status: 200, body: "blue", connection: "close" });
  expect(blue.last?.url).toBe("/a/b?c=d");
  rmSync(site.closingFlag);
  expect((await asked("")).connection).toBe("keep-alive");
});
