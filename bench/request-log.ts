import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { NginxLog } from "../src/metrics/nginx-log/log.ts";
import { until } from "../test/support/nginx.ts";
import { type Logging, startLogging } from "../test/support/nginx-log.ts";
import { writeTable } from "../test/support/rendering.ts";
import { routeOf } from "../test/support/routes.ts";
import { type Backends, startBackends } from "./backends.ts";
import { Clients } from "./clients.ts";
import { ControllerProcess } from "./controller.ts";
import { startEdge } from "./edge.ts";
import { type Effort, type Figure, figure, lost, type Section } from "./figure.ts";
import { processorUs } from "./processor-time.ts";
import { answered, burst, hasWrk } from "./wrk.ts";

const ROUTINGS = ["weighted", "live"] as const;
type Routing = (typeof ROUTINGS)[number];

/** Requests a second, and microseconds of the worker's processor time for each. */
type Cost = { readonly rate: number; readonly cpuUs: number };

/** A service at a share of 50 %, with its log and without, each on an nginx of its own with one worker. */
type Pair = { readonly on: Logging; readonly off: Logging };

/** What the log that evidence is counted from costs a request, whether it loses any, and what reading it costs. */
export async function requestLog(effort: Effort): Promise<Section> {
  const notes = ["ratios are of requests a second, within a round; the log is read meanwhile, by a process on another core"];
  if (!hasWrk) return { id: "log", title: TITLE, figures: [], notes: ["wrk is not installed: nothing was measured"] };
  await using backends = await startBackends();
  const figures: Figure[] = [];
  for (const routing of ROUTINGS) figures.push(...(await priceOf(routing, backends, effort)));
  figures.push(await linesLost(backends, effort));
  for (const routing of ROUTINGS) figures.push(await readingCost(routing, backends, effort));
  return { id: "log", title: TITLE, figures, notes };
}

const TITLE = "the log of requests that evidence is counted from (source: nginx)";

async function start(routing: Routing, backends: Backends, logged: boolean, workers: number): Promise<Logging> {
  const route = routeOf(
    { blue: [backends.blue], green: [backends.green] },
    {
      shares: { blue: 5_000, green: 5_000 },
      shape: {
        routing,
        tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 32 },
        ...(logged ? { log: { sample: 10_000 } } : {}),
      },
    },
  );
  const edge = await startLogging(route, 'proxy_http_version 1.1; proxy_set_header Connection "";', {
    workers,
    ownLog: false,
    http: () => "keepalive_requests 1000000000;",
  });
  if (routing === "live") {
    rmSync(join(edge.site.tables, "web.green"));
    writeTable(edge.site, "web.green", 5_000);
  }
  return edge;
}

async function priceOf(routing: Routing, backends: Backends, effort: Effort): Promise<readonly Figure[]> {
  const seconds = 1;
  const rounds = effort === "full" ? 25 : 5;
  await using on = await start(routing, backends, true, 1);
  await using off = await start(routing, backends, false, 1);
  await using log = on.read();
  await log.take("web", null);
  for (const edge of [on, off]) await burst(portOf(edge), 1);
  const costs: { readonly on: Cost; readonly off: Cost }[] = [];
  for (let round = 0; round < rounds; round += 1) costs.push(await costOf({ on, off }, round % 2 === 0, seconds));
  return [
    figure(
      `${routing}: with the log`,
      "x of without",
      costs.map((one) => one.on.rate / one.off.rate),
      { least: 0.95 },
    ),
    figure(
      `${routing}: with the log`,
      "us more/request",
      costs.map((one) => one.on.cpuUs - one.off.cpuUs),
    ),
    figure(
      `${routing}: without the log`,
      "requests/s",
      costs.map((one) => one.off.rate),
    ),
  ];
}

/** One after the other, in turn, so that neither always comes first. */
async function costOf({ on, off }: Pair, first: boolean, seconds: number): Promise<{ readonly on: Cost; readonly off: Cost }> {
  if (first) return { on: await cost(on, seconds), off: await cost(off, seconds) };
  const before = await cost(off, seconds);
  return { on: await cost(on, seconds), off: before };
}

async function cost(edge: Logging, seconds: number): Promise<Cost> {
  const [worker] = edge.nginx.workers();
  if (worker === undefined) throw new Error("nginx has no worker");
  const before = processorUs(worker);
  const { requests, seconds: took } = await burst(portOf(edge), seconds);
  return { rate: requests / took, cpuUs: (processorUs(worker) - before) / requests };
}

/** Requests that wrk got an answer to and that no line was counted of, at its highest rate over rotations, reloads and restarts of the reader. */
async function linesLost(backends: Backends, effort: Effort): Promise<Figure> {
  const runs = effort === "full" ? 5 : 2;
  const values: number[] = [];
  for (let run = 0; run < runs; run += 1)
    values.push(await lostIn(backends, ROUTINGS[run % 2] ?? "live", effort === "full" ? 8 : 4));
  return lost("lines lost over rotations, reloads and restarts of the reader", "lines", values);
}

/** Small enough that there is a rotation every second or so. */
const ROTATE_BYTES = 2 * 1024 * 1024;

async function lostIn(backends: Backends, routing: Routing, seconds: number): Promise<number> {
  await using edge = await start(routing, backends, true, 2);
  let log = edge.read({ limitBytes: ROTATE_BYTES });
  let { mark } = await log.take("web", null);
  let lines = 0;
  const take = async () => {
    const taken = await log.take("web", mark);
    if (!taken.whole || taken.loss !== null) throw new Error(`the reader lost lines by itself: ${taken.loss}`);
    mark = taken.mark;
    lines += countOf(taken);
  };
  const load = answered(portOf(edge), seconds);
  let over = false;
  void load.finally(() => {
    over = true;
  });
  for (let turn = 0; !over; turn += 1) {
    await wait(300);
    if (turn % 4 === 1) await edge.nginx.reload();
    if (turn % 4 === 3) {
      // As after a kill: what was read since the last mark was not stored.
      await log[Symbol.asyncDispose]();
      await wait(200);
      log = edge.read({ limitBytes: ROTATE_BYTES });
    } else await take();
  }
  const { requests, open } = await load;
  await until(
    "nothing more is written",
    async () => {
      const before = lines;
      await wait(1_000);
      await take();
      return lines === before;
    },
    10_000,
  );
  await log[Symbol.asyncDispose]();
  // A connection that a reload ends may take an answer along; more lines than answers and open requests would be lines counted twice.
  if (lines > requests + 100 * open) throw new Error(`${lines} lines of ${requests} requests`);
  return Math.max(0, requests - lines);
}

function countOf({ tally }: Awaited<ReturnType<NginxLog["take"]>>): number {
  return [...tally.cells()].reduce((sum, { cell }) => sum + cell.n, 0);
}

/** A controller in the middle of a canary that it judges by the log, at a steady rate: its processor time, in proportion for 10 000 a second. */
async function readingCost(routing: Routing, backends: Backends, effort: Effort): Promise<Figure> {
  await using edge = await startEdge({ backends, routing, judged: true });
  await using controller = await ControllerProcess.start(edge.prefix, edge.apiPort);
  await controller.post("/v1/services/web/rollouts", { strategy: "canary" });
  await using clients = await Clients.start(edge.port, 50, 4);
  await controller.reaches("web", "is judged", (service) => (service.applied.shares?.green ?? 0) > 0);
  const parts: number[] = [];
  for (let run = 0; run < (effort === "full" ? 5 : 2); run += 1) {
    await clients.forget();
    const [cpu, from] = [controller.cpuMs(), performance.now()];
    await wait(4_000);
    const [used, took] = [controller.cpuMs() - cpu, performance.now() - from];
    const { total } = await clients.count("", 0);
    parts.push((used / took) * (10_000 / ((total * 1_000) / took)));
  }
  return figure(`${routing}: Sluice, for 10 000 requests a second`, "of a core", parts, { most: 0.25 });
}

function portOf(edge: Logging): number {
  return Number(new URL(edge.url).port);
}
