import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Logging, startLogging } from "../test/support/nginx-log.ts";
import { freePort } from "../test/support/ports.ts";
import { writeTable } from "../test/support/rendering.ts";
import { routeOf } from "../test/support/routes.ts";
import type { Backends } from "./backends.ts";
import { FOUR_CORES, keepOn } from "./cores.ts";
import { type Effort, type Figure, figure } from "./figure.ts";
import { processorUs } from "./processor-time.ts";
import { burst } from "./wrk.ts";

export type Routing = "weighted" | "live";

/** Requests a second, and microseconds of the worker's processor time for each. */
type Cost = { readonly rate: number; readonly cpuUs: number };
type Round = { readonly on: Cost; readonly off: Cost };

/** A service with its log; `plain` is the port of a server of the same nginx that leads to it, too, and writes nothing. */
export type LoggingEdge = Logging & { readonly port: number; readonly plain: number };

/** `web` at a share of 50 %, every request of it written down. */
export async function startLogged(routing: Routing, backends: Backends, workers: number): Promise<LoggingEdge> {
  const route = routeOf(
    { blue: [backends.blue], green: [backends.green] },
    {
      shares: { blue: 5_000, green: 5_000 },
      shape: { routing, tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 32 }, log: { sample: 10_000 } },
    },
  );
  const plain = await freePort();
  const location = 'proxy_http_version 1.1; proxy_set_header Connection "";';
  const live = routing === "live";
  const edge = await startLogging(route, location, {
    workers,
    ownLog: false,
    http: (prefix) => `keepalive_requests 1000000000;
    server { listen 127.0.0.1:${plain}; access_log off; ${live ? `include ${prefix}/current/web.server.conf;` : ""}
      location / { ${location} proxy_set_header Host $host; proxy_pass http://${live ? "$web_pool" : "web"}; } }`,
  });
  if (live) {
    rmSync(join(edge.site.tables, "web.green"));
    writeTable(edge.site, "web.green", 5_000);
  }
  return Object.assign(edge, { plain, port: Number(new URL(edge.url).port) });
}

/**
 * What a logged request costs one worker of nginx, beside one that is not logged on the same worker; the log is read meanwhile. Where there
 * are four cores, nginx, its members, wrk and the reader have one each; what is left to the kernel is measured, too, with nothing aimed at.
 */
export async function priceOf(routing: Routing, backends: Backends, effort: Effort): Promise<readonly Figure[]> {
  const [many, few] = effort === "full" ? [40, 15] : [5, 3];
  const apart = FOUR_CORES === null ? [] : await rounds(routing, backends, many, FOUR_CORES);
  const free = await rounds(routing, backends, FOUR_CORES === null ? many : few, null);
  const ratios = (of: readonly Round[]) => of.map(({ on, off }) => on.rate / off.rate);
  const main = apart.length > 0 ? apart : free;
  return [
    figure(`${routing}: with the log`, "x of without", ratios(main), { least: 0.95 }),
    figure(
      `${routing}: with the log`,
      "us more/request",
      main.map(({ on, off }) => on.cpuUs - off.cpuUs),
    ),
    figure(
      `${routing}: without the log`,
      "requests/s",
      main.map(({ off }) => off.rate),
    ),
    ...(main === free ? [] : [figure(`${routing}: with the log, cores left to the kernel`, "x of without", ratios(free))]),
  ];
}

/** One after the other, in turn, so that neither always comes first. */
async function rounds(
  routing: Routing,
  backends: Backends,
  count: number,
  cores: readonly number[] | null,
): Promise<readonly Round[]> {
  await using edge = await startLogged(routing, backends, 1);
  await using log = edge.read();
  await log.take("web", null);
  using stack = new DisposableStack();
  const [worker] = edge.nginx.workers();
  if (worker === undefined) throw new Error("nginx has no worker");
  const [ofEdge, ofMembers, ofReader, ofWrk] = cores ?? [];
  if (ofEdge !== undefined) stack.use(keepOn(ofEdge, worker));
  if (ofMembers !== undefined) for (const pid of backends.workers()) stack.use(keepOn(ofMembers, pid));
  if (ofReader !== undefined) stack.use(keepOn(ofReader, process.pid));
  const cost = async (port: number): Promise<Cost> => {
    const before = processorUs(worker);
    const { requests, seconds } = await burst(port, 1, ofWrk ?? null);
    return { rate: requests / seconds, cpuUs: (processorUs(worker) - before) / requests };
  };
  for (const port of [edge.port, edge.plain]) await cost(port);
  const found: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    const first = round % 2 === 0 ? await cost(edge.port) : null;
    const off = await cost(edge.plain);
    found.push({ on: first ?? (await cost(edge.port)), off });
  }
  return found;
}
