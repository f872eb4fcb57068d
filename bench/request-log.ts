import { setTimeout as wait } from "node:timers/promises";
import type { NginxLog } from "../src/metrics/nginx-log/log.ts";
import { until } from "../test/support/nginx.ts";
import { type Backends, startBackends } from "./backends.ts";
import { Clients } from "./clients.ts";
import { ControllerProcess } from "./controller.ts";
import { FOUR_CORES } from "./cores.ts";
import { startEdge } from "./edge.ts";
import { type Effort, type Figure, figure, lost, type Section } from "./figure.ts";
import { priceOf, type Routing, startLogged } from "./log-price.ts";
import { answered, hasWrk } from "./wrk.ts";

const ROUTINGS = ["weighted", "live"] as const satisfies readonly Routing[];

/** What the log that evidence is counted from costs a request, whether it loses any, and what reading it costs. */
export async function requestLog(effort: Effort): Promise<Section> {
  const notes = [
    "ratios are of requests a second on one worker, within a round; the log is read meanwhile",
    FOUR_CORES === null
      ? "fewer than four cores, or no taskset: nginx, members, wrk and the reader are where the kernel puts them"
      : "nginx, members, wrk and the reader have a core each, where nothing else is said",
  ];
  if (!hasWrk) return { id: "log", title: TITLE, figures: [], notes: ["wrk is not installed: nothing was measured"] };
  await using backends = await startBackends();
  const figures: Figure[] = [];
  for (const routing of ROUTINGS) figures.push(...(await priceOf(routing, backends, effort)));
  figures.push(await linesLost(backends, effort));
  for (const routing of ROUTINGS) figures.push(await readingCost(routing, backends, effort));
  return { id: "log", title: TITLE, figures, notes };
}

const TITLE = "the log of requests that evidence is counted from (source: nginx)";

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
  await using edge = await startLogged(routing, backends, 2);
  let log = edge.read({ limitBytes: ROTATE_BYTES });
  let { mark } = await log.take("web", null);
  let lines = 0;
  const take = async () => {
    const taken = await log.take("web", mark);
    if (!taken.whole || taken.loss !== null) throw new Error(`the reader lost lines by itself: ${taken.loss}`);
    mark = taken.mark;
    lines += countOf(taken);
  };
  const load = answered(edge.port, seconds);
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
