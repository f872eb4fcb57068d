import { setTimeout as wait } from "node:timers/promises";
import type { Route } from "../src/core/route.ts";
import { type Driven, drive } from "../test/support/driven.ts";
import { freePort } from "../test/support/ports.ts";
import { routeOf } from "../test/support/routes.ts";
import { type Backends, startBackends } from "./backends.ts";
import { type Effort, type Figure, figure, type Section } from "./figure.ts";
import { processorUs } from "./processor-time.ts";
import { burst, hasWrk } from "./wrk.ts";

/** The ways to the same two members, each a server of the same nginx. `again` is `plain` once more: the noise of the method. */
const WAYS = ["plain", "again", "weighted", "server", "location"] as const;
type Way = (typeof WAYS)[number];

const TITLES: Readonly<Record<Exclude<Way, "plain">, string>> = {
  again: "plain proxy_pass again (noise)",
  weighted: "weighted",
  server: "live, server include",
  location: "live, location include",
};

/** Requests a second, and microseconds of the worker's processor time for each. */
type Cost = { readonly rate: number; readonly cpuUs: number };

/** The most that a live service may cost per request; null where nothing is aimed at. */
type Goals = Readonly<Partial<Record<Way, number>>>;

/**
 * What Sluice's configuration costs per request, against a plain `proxy_pass` to an upstream of the same two members, with
 * keep-alive to members in all of them, at a share of 50 %. One worker, interleaved rounds, ratios and differences within a
 * round. Sluice itself does not run meanwhile: nothing of it is in the way of a request.
 *
 * The services that are measured sort last (`web`, `zone`) among 1 000, so that nginx's search through the upstreams by name,
 * which the server include needs, is as long as it can be.
 */
export async function proxyCost(effort: Effort): Promise<Section> {
  await using backends = await startBackends();
  const few = await measure(backends, 1, effort, { server: 7, location: 7 });
  const many = await measure(backends, 1_000, effort, { location: 9 });
  return {
    id: "c",
    title: "requests through Sluice's configuration against a plain proxy_pass on the same nginx",
    figures: [...few, ...many],
    notes: [
      "ratios are of requests a second; processor time is the worker's own, of /proc/PID/stat, per request",
      ...(hasWrk ? [] : ["wrk is not installed: the load is made in Node, which nginx outruns, so the ratios say little"]),
    ],
  };
}

async function measure(backends: Backends, services: number, effort: Effort, goals: Goals): Promise<readonly Figure[]> {
  const ports = Object.fromEntries(await Promise.all(WAYS.map(async (way) => [way, await freePort()]))) as Record<Way, number>;
  const routes = routesOf(backends, services);
  await using driven = await drive({ routes, server: "return 204;", http: () => servers(ports, backends) });
  driven.want(routes);
  await driven.applied(routes, 60_000);
  await driven.close();
  await wait(500);
  const seconds = effort === "full" ? 2 : 1;
  const rounds = effort === "full" ? 9 : 3;
  const costs: Record<Way, Cost[]> = { plain: [], again: [], weighted: [], server: [], location: [] };
  for (const way of WAYS) await burst(ports[way], 1);
  for (let round = 0; round < rounds; round += 1)
    for (const way of turned(round)) costs[way].push(await cost(driven, ports[way], seconds));
  return figures(services, costs, goals);
}

/** Another order in each round, so that no way always comes after the same one. */
function turned(round: number): readonly Way[] {
  const from = (round * 2) % WAYS.length;
  return [...WAYS.slice(from), ...WAYS.slice(0, from)];
}

async function cost({ nginx }: Driven, port: number, seconds: number): Promise<Cost> {
  const [worker, ...more] = nginx.workers();
  if (worker === undefined || more.length > 0) throw new Error(`nginx has ${more.length + 1} workers instead of one`);
  const before = processorUs(worker);
  const { requests, seconds: took } = await burst(port, seconds);
  return { rate: requests / took, cpuUs: (processorUs(worker) - before) / requests };
}

function figures(services: number, costs: Readonly<Record<Way, readonly Cost[]>>, goals: Goals): readonly Figure[] {
  const of = `${services} service${services === 1 ? "" : "s"}`;
  const pairs = (way: Way, relate: (one: Cost, plain: Cost) => number) =>
    costs[way].map((one, round) => relate(one, costs.plain[round] ?? one));
  const others = WAYS.filter((way) => way !== "plain");
  return [
    figure(
      `${of}: plain proxy_pass`,
      "requests/s",
      costs.plain.map(({ rate }) => rate),
    ),
    figure(
      `${of}: plain proxy_pass`,
      "us/request",
      costs.plain.map((one) => one.cpuUs),
    ),
    ...others.map((way) => {
      const goal = way === "weighted" ? { least: 0.98 } : null;
      return figure(
        `${of}: ${TITLES[way]}`,
        "x of plain",
        pairs(way, (one, plain) => one.rate / plain.rate),
        goal,
      );
    }),
    ...others.map((way) => {
      const most = goals[way];
      const more = pairs(way, (one, plain) => one.cpuUs - plain.cpuUs);
      return figure(`${of}: ${TITLES[way]}`, "us more/request", more, most === undefined ? null : { most });
    }),
  ];
}

/** Three services are measured, one a way; the others only stand in nginx's list of upstreams. */
function routesOf(backends: Backends, services: number): readonly Route[] {
  const pools = { blue: [backends.blue], green: [backends.green] };
  const route = (service: string, routing: Route["shape"]["routing"]) =>
    routeOf(pools, {
      service,
      shares: { blue: 5_000, green: 5_000 },
      shape: { routing, tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 32 } },
    });
  const others = Array.from({ length: Math.max(0, services - 3) }, (_, index) => route(`s${index}`, "live"));
  return [...others, route("shop", "weighted"), route("web", "live"), route("zone", "live")];
}

function servers(ports: Readonly<Record<Way, number>>, backends: Backends): string {
  const server = (way: Way, before: string, inside: string) => `server {
  listen 127.0.0.1:${ports[way]} backlog=4096;
  keepalive_requests 1000000000;
  ${before}
  location / { proxy_http_version 1.1; proxy_set_header Connection ""; ${inside} }
}`;
  const plain = "proxy_pass http://plain;";
  return `upstream plain { zone plain 64k; server ${backends.blue} max_fails=0; server ${backends.green} max_fails=0; keepalive 32; }
${server("plain", "", plain)}
${server("again", "", plain)}
${server("weighted", "", "proxy_pass http://shop;")}
${server("server", "include sluice/current/web.server.conf;", "proxy_pass http://$web_pool;")}
${server("location", "", "include sluice/current/zone.location.conf;")}`;
}
