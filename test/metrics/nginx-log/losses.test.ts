import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Log } from "../../../src/core/ports.ts";
import type { NginxLog, NginxLogDeps } from "../../../src/metrics/nginx-log/log.ts";
import { count } from "../../support/client.ts";
import { startMember } from "../../support/members.ts";
import { until } from "../../support/nginx.ts";
import { type Logging, startLogging } from "../../support/nginx-log.ts";
import { routeOf } from "../../support/routes.ts";

type Taken = Awaited<ReturnType<NginxLog["take"]>>;

/** An nginx with two workers that writes down requests to one member, and what its reader warned of. */
async function start() {
  const member = await startMember({ name: "blue" });
  const route = routeOf({ blue: [member.address] }, { shape: { routing: "weighted", log: { sample: 10_000 } } });
  const edge = await startLogging(route, "");
  const warned: string[] = [];
  const log: Log = { debug() {}, info() {}, warn: (text) => void warned.push(text), error() {} };
  return {
    edge,
    warned,
    read: (more: Partial<NginxLogDeps> = {}) => edge.read({ log, ...more }),
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      await member[Symbol.asyncDispose]();
    },
  };
}

function tries({ tally }: Taken): number {
  return [...tally.cells()].reduce((sum, { cell }) => sum + cell.n, 0);
}

/** Waits until these requests are in the file. */
async function written(edge: Logging, requests: number): Promise<void> {
  const lines = () => (existsSync(edge.path) ? readFileSync(edge.path, "utf8").split("\n").length - 1 : 0);
  const before = lines();
  await count(edge.url, requests);
  await until("they are written", () => lines() === before + requests);
}

describe("lost lines", () => {
  it("are told of where a worker was killed with what it had not written yet", { timeout: 20_000 }, async () => {
    await using world = await start();
    await using log = world.read();
    const { mark } = await log.take("web", null);
    await written(world.edge, 10);
    expect(await log.take("web", mark)).toMatchObject({ loss: null, whole: true });
    await count(world.edge.url, 10);
    for (const worker of world.edge.nginx.workers()) process.kill(worker, "SIGKILL");
    await until("it is told", async () => (await log.take("web", mark)).loss !== null);
    expect((await log.take("web", mark)).loss).toMatch(/^\d workers? of nginx ended by a signal: up to half a second/);
    expect(world.warned.join()).toContain("ended by a signal");
  });

  it("are none where workers end as they should, at a reload and where nginx opens the log anew", {
    timeout: 20_000,
  }, async () => {
    await using world = await start();
    await using log = world.read();
    const { mark } = await log.take("web", null);
    await written(world.edge, 10);
    await world.edge.nginx.reload();
    renameSync(world.edge.path, `${world.edge.path}.by-somebody`);
    process.kill(world.edge.nginx.pid, "SIGUSR1");
    await count(world.edge.url, 10);
    await until("all are counted", async () => tries(await log.take("web", mark)) === 20);
    // Past the next look into nginx's error log.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await log.take("web", mark)).toMatchObject({ loss: null, whole: true, problem: null });
  });

  it("are told of where the file was copied and cut short", { timeout: 20_000 }, async () => {
    await using world = await start();
    await using log = world.read();
    const { mark } = await log.take("web", null);
    await written(world.edge, 10);
    await log.take("web", mark);
    copyFileSync(world.edge.path, `${world.edge.path}.copy`);
    truncateSync(world.edge.path);
    expect((await log.take("web", mark)).loss).toMatch(/cut short, .* lost \(does logrotate copy and truncate it\?\)/);
    // And reading goes on.
    await written(world.edge, 10);
    await until("the next ones are counted", async () => tries(await log.take("web", mark)) === 20);
  });

  it.each([
    ["was cut short", (path: string) => truncateSync(path)],
    ["was moved to where nobody looks", (path: string) => renameSync(path, `${path}-2026`)],
    ["was removed", (path: string) => rmSync(path)],
  ])("are told of after a restart where the file %s meanwhile", { timeout: 20_000 }, async (_, how) => {
    await using world = await start();
    let log = world.read();
    await log.take("web", null);
    await written(world.edge, 10);
    const { mark } = await log.take("web", null);
    await log[Symbol.asyncDispose]();
    await written(world.edge, 10);
    how(world.edge.path);
    process.kill(world.edge.nginx.pid, "SIGUSR1");
    await until("nginx has a file again", () => existsSync(world.edge.path));
    log = world.read({ wall: () => Date.now() + 1 });
    expect((await log.take("web", mark)).whole).toBe(false);
    await log[Symbol.asyncDispose]();
  });

  it("are counted where they cannot be read", { timeout: 20_000 }, async () => {
    await using world = await start();
    await using log = world.read();
    const { unreadable } = await log.take("web", null);
    appendFileSync(world.edge.path, '{"p":"web - 100');
    await count(world.edge.url, 1);
    await until("it is counted", async () => (await log.take("web", null)).unreadable === unreadable + 1);
  });
});
