import { join } from "node:path";
import { expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import { count } from "../support/client.ts";
import { type MemberServer, startMember } from "../support/members.ts";
import { makePrefix, type Nginx, startNginx } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { ofNginx, siteIn, writeSet } from "../support/rendering.ts";
import { routeOf } from "../support/routes.ts";

/** A weighted service behind a real nginx; `set` renders another route and reloads. */
async function serving(route: Route, workers = 2): Promise<{ url: string; nginx: Nginx; set(route: Route): Promise<void> }> {
  const prefix = makePrefix();
  const site = await siteIn(prefix, await ofNginx());
  const port = await freePort();
  writeSet(prefix, site, [route]);
  const location = 'proxy_pass http://web; proxy_http_version 1.1; proxy_set_header Connection "";';
  const nginx = await startNginx({
    prefix,
    workers,
    http: `include ${join(prefix, "current")}/*.http.conf; server { listen 127.0.0.1:${port}; location / { ${location} } }`,
  });
  const set = async (next: Route) => {
    writeSet(prefix, site, [next]);
    await nginx.reload();
  };
  return { url: `http://127.0.0.1:${port}/`, nginx, set };
}

async function startPool(
  version: string,
  size: number,
): Promise<AsyncDisposable & { readonly all: readonly MemberServer[]; readonly addresses: readonly string[] }> {
  const all = await Promise.all(Array.from({ length: size }, (_, at) => startMember({ name: `${version}-${at + 1}`, version })));
  return {
    all,
    addresses: all.map(({ address }) => address),
    [Symbol.asyncDispose]: async () => void (await Promise.all(all.map((member) => member[Symbol.asyncDispose]()))),
  };
}

const weighted = { routing: "weighted" } as const;

test("a pool of 1 gets exactly its 5 % beside a pool of 7, on fresh and on kept connections", async () => {
  await using blue = await startPool("blue", 7);
  await using green = await startPool("green", 1);
  const { url, nginx } = await serving(
    routeOf({ blue: blue.addresses, green: green.addresses }, { shares: { blue: 9_500, green: 500 }, shape: weighted }),
  );
  await using _ = nginx;
  expect(await count(url, 280)).toEqual({ blue: 266, green: 14 });
  expect(await count(url, 280, { keepAlive: true })).toEqual({ blue: 266, green: 14 });
  expect(blue.all.map((member) => member.count)).toEqual(Array(7).fill(76));
});

test("a pool keeps its share while some of its members are out", async () => {
  await using blue = await startPool("blue", 2);
  await using green = await startPool("green", 3);
  const [one = "", two = "", three = ""] = green.addresses;
  const states = { [one]: "ready", [two]: "draining", [three]: "down" } as const;
  const { url, nginx } = await serving(
    routeOf({ blue: blue.addresses, green: states }, { shares: { blue: 7_500, green: 2_500 }, shape: weighted }),
  );
  await using _ = nginx;
  expect(await count(url, 160)).toEqual({ blue: 120, green: 40 });
  expect(green.all.map((member) => member.count)).toEqual([40, 0, 0]);
});

test("0 and 100 % are all or nothing, and an eased member gets its part", async () => {
  await using blue = await startPool("blue", 2);
  await using green = await startPool("green", 2);
  const pools = { blue: blue.addresses, green: green.addresses };
  const { url, nginx, set } = await serving(routeOf(pools, { shape: weighted }));
  await using _ = nginx;
  expect(await count(url, 50)).toEqual({ blue: 50 });
  await set(routeOf(pools, { shares: { green: 10_000 }, shape: weighted }));
  expect(await count(url, 50)).toEqual({ green: 50 });
  await set(routeOf(pools, { shares: { green: 10_000 }, eased: { [green.addresses[1] ?? ""]: 2_500 }, shape: weighted }));
  for (const member of green.all) member.reset();
  expect(await count(url, 50)).toEqual({ green: 50 });
  expect(green.all.map((member) => member.count)).toEqual([40, 10]);
});

test("a failing member keeps its share where max_fails is 0, and loses it where it is not", async () => {
  await using blue = await startPool("blue", 1);
  await using green = await startPool("green", 1);
  const pools = { blue: blue.addresses, green: green.addresses };
  const half = { shares: { blue: 5_000, green: 5_000 } };
  const { url, nginx, set } = await serving(routeOf(pools, { ...half, shape: weighted }), 1);
  await using _ = nginx;
  green.all[0]?.setDropping(true);
  const tries = () => green.all[0]?.connections ?? 0;
  const before = tries();
  expect(await count(url, 40)).toEqual({ blue: 40 });
  expect(tries() - before).toBe(20);
  await set(routeOf(pools, { ...half, shape: { ...weighted, tries: { maxFails: 1, failTimeoutMs: 60_000, keepalive: 0 } } }));
  const then = tries();
  expect(await count(url, 40)).toEqual({ blue: 40 });
  expect(tries() - then).toBe(1);
});

test("connections to members are kept where keepalive says so", async () => {
  await using blue = await startPool("blue", 1);
  const tries = { maxFails: 0, failTimeoutMs: 10_000, keepalive: 4 };
  const route = (keepalive: number) =>
    routeOf({ blue: blue.addresses, green: [] }, { shape: { ...weighted, tries: { ...tries, keepalive } } });
  const { url, nginx, set } = await serving(route(4), 1);
  await using _ = nginx;
  await count(url, 30);
  expect(blue.all[0]?.connections).toBe(1);
  await set(route(0));
  await count(url, 30);
  expect(blue.all[0]?.connections).toBe(31);
});
