import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { Route } from "../src/core/route.ts";
import { SETTLE_MS } from "../src/nginx/proof.ts";
import { type Driven, drive } from "../test/support/driven.ts";
import { routeOf } from "../test/support/routes.ts";
import { shifted } from "../test/support/stage.ts";
import { type Backends, startBackends } from "./backends.ts";
import { Clients } from "./clients.ts";
import { nowMs } from "./clock.ts";
import { type Effort, type Figure, figure, lost, type Section } from "./figure.ts";

/** Busy clients that never pause, which is when a reload costs the most. */
const CLIENTS = 50;
/** Longer than the pause between two reloads, so that no figure holds a wait for nginx's sake. */
const REST_MS = 1_600;
/** The default of `nginx.closing`. */
const CLOSING_MS = 400;
/** A bare reload is looked at this often, Sluice's proof every 4 ms. */
const LOOK_MS = 1;

/**
 * `weighted`: how long a change takes from the decision (the target is told of a new route) to its proof (the report that it is
 * served by every worker), beside what the same nginx takes at least: `nginx -t`, HUP, and every old worker gone or shutting
 * down. Both are measured in turn, on the same nginx, and put in proportion pair by pair.
 */
export async function weightedReload(effort: Effort): Promise<Section> {
  await using backends = await startBackends();
  const full = effort === "full";
  const one = await pairs(backends, 1, full ? 15 : 4);
  const many = await pairs(backends, 1_000, full ? 6 : 2);
  const kept = await losses(backends, full ? 10 : 3);
  return {
    id: "b",
    title: "weighted: a change of the share is a reload",
    figures: [...one, ...many, ...kept],
    notes: [
      `a ratio is (decision to proof - ${SETTLE_MS} ms of settling) / bare reload, without the closing flag`,
      `the closing flag stands ${CLOSING_MS} ms before the signal (nginx.closing), an abort waits for none of it; ${CLIENTS} clients without a pause`,
    ],
  };
}

async function pairs(backends: Backends, services: number, runs: number): Promise<readonly Figure[]> {
  const routes = Array.from({ length: services }, (_, index) =>
    routeOf(poolsOf(backends), { service: index === 0 ? "web" : `s${index}`, shape: { routing: "weighted" } }),
  );
  await using driven = await drive({ routes, server: SERVER, workers: 2 });
  driven.want(routes);
  await driven.applied(routes, 30_000);
  const bare: number[] = [];
  const whole: number[] = [];
  const [first, ...others] = routes;
  if (first === undefined) throw new Error("there is no service to measure");
  let web = first;
  for (let run = 0; run < runs; run += 1) {
    await wait(REST_MS);
    bare.push(await bareReload(driven));
    await wait(REST_MS);
    web = shifted(web, ((run % 9) + 1) * 1_000);
    whole.push(await change(driven, [web, ...others]));
  }
  const ratios = whole.map((ms, index) => (ms - SETTLE_MS) / (bare[index] ?? Number.NaN));
  const of = `${services} service${services === 1 ? "" : "s"}`;
  return [
    figure(`${of}: decision to proof`, "ms", whole),
    figure(`${of}: bare nginx -t, HUP, old workers shutting down`, "ms", bare),
    figure(`${of}: ratio without the settling`, "x", ratios, services === 1 ? { most: 1.3 } : null),
  ];
}

/** Milliseconds from the decision to the report that holds its proof. */
async function change(driven: Driven, routes: readonly Route[]): Promise<number> {
  const from = Date.now();
  driven.want(routes);
  const report = await driven.applied(routes, 30_000);
  return report.at - from;
}

async function bareReload({ nginx, settings }: Driven): Promise<number> {
  const from = nowMs();
  const before = nginx.workers();
  if (settings.drive.by !== "local") throw new Error("the bare reload needs a local nginx");
  const test = spawn(settings.drive.binary, ["-t", "-p", nginx.prefix, "-c", nginx.config], { stdio: "ignore" });
  const [code] = await once(test, "exit");
  if (code !== 0) throw new Error(`nginx -t ended with ${code}`);
  process.kill(nginx.pid, "SIGHUP");
  while (!isReplaced(before, nginx.workers())) await wait(LOOK_MS);
  return nowMs() - from;
}

function isReplaced(before: readonly number[], now: readonly number[]): boolean {
  return now.some((pid) => !before.includes(pid)) && before.every((pid) => !now.includes(pid) || isLeaving(pid));
}

function isLeaving(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("shutting down");
  } catch {
    return true;
  }
}

/** Requests that busy keep-alive clients lose in a reload, with the closing flag and without, in turn. */
async function losses(backends: Backends, runs: number): Promise<readonly Figure[]> {
  const web = routeOf(poolsOf(backends), { shape: { routing: "weighted" } });
  await using driven = await drive({ routes: [web], server: SERVER, workers: 2 });
  const port = Number(new URL(driven.url).port);
  const without: number[] = [];
  const withFlag: number[] = [];
  const waits: number[] = [];
  await using clients = await Clients.start(port, CLIENTS, 0);
  let route = web;
  for (let run = 0; run < runs; run += 1) {
    for (const closingMs of [0, CLOSING_MS]) {
      await driven.close();
      await driven.open({ closingMs });
      driven.want([route]);
      await driven.applied([route]);
      await clients.forget();
      route = shifted(route, ((run % 9) + 1) * 1_000 + (closingMs === 0 ? 0 : 1));
      const ms = await change(driven, [route]);
      await wait(200);
      const { failed } = await clients.count("", 0);
      (closingMs === 0 ? without : withFlag).push(failed);
      if (closingMs > 0) waits.push(ms);
    }
  }
  return [
    lost("keep-alive requests lost without the closing flag", "a reload", without, null),
    lost("keep-alive requests lost with the closing flag", "a reload", withFlag),
    figure("decision to proof with the closing flag, under that load", "ms", waits),
  ];
}

function poolsOf(backends: Backends) {
  return { blue: [backends.blue], green: [backends.green] };
}

const SERVER = `keepalive_requests 1000000000;
location / { proxy_pass http://web; }
include sluice.closing.conf;`;
