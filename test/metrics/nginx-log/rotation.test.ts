import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import type { NginxLog } from "../../../src/metrics/nginx-log/log.ts";
import { count } from "../../support/client.ts";
import { startMember } from "../../support/members.ts";
import { until } from "../../support/nginx.ts";
import { startLogging } from "../../support/nginx-log.ts";
import { routeOf } from "../../support/routes.ts";

/** An nginx that writes ten lines into each file of its log, of which every rotated one is too old to have a writer. */
async function start() {
  const member = await startMember({ name: "blue" });
  const route = routeOf({ blue: [member.address] }, { shape: { routing: "weighted", log: { sample: 10_000 } } });
  const edge = await startLogging(route, "", { workers: 1 });
  let now = Date.now();
  return {
    edge,
    files: () => readdirSync(dirname(edge.path)).length,
    read: (limitBytes: number) => edge.read({ limitBytes, wall: () => now }),
    async fill(log: NginxLog, files: number) {
      for (let file = 0; file < files; file += 1) {
        const before = statSync(edge.path).ino;
        await count(edge.url, 10);
        await until("nginx writes to another file", () => existsSync(edge.path) && statSync(edge.path).ino !== before);
        now += 11_000;
        await log.take("web", null);
      }
    },
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      await member[Symbol.asyncDispose]();
    },
  };
}

it("reads rotated files again after a restart, and removes them when there are many", { timeout: 30_000 }, async () => {
  await using world = await start();
  const first = world.read(1);
  const { mark } = await first.take("web", null);
  await world.fill(first, 5);
  await first[Symbol.asyncDispose]();
  const second = world.read(1);
  const { tally, whole } = await second.take("web", mark);
  expect(whole).toBe(true);
  expect([...tally.cells()].reduce((sum, { cell }) => sum + cell.n, 0)).toBe(50);
  await world.fill(second, 5);
  expect(world.files()).toBe(9);
  await second[Symbol.asyncDispose]();
  await using third = world.read(1);
  expect(await third.take("web", mark)).toMatchObject({ whole: false });
});

it("leaves a small file of an nginx that it cannot signal as it is, without a word", async () => {
  await using world = await start();
  const { path, url } = world.edge;
  const warned: string[] = [];
  await using log = world.edge.read({
    files: [{ target: "local", path, reopen: null, deaths: null }],
    log: { debug() {}, info() {}, warn: (text) => void warned.push(text), error() {} },
    limitBytes: 1,
  });
  const { mark } = await log.take("web", null);
  await count(url, 10);
  await until("they are read", async () => !(await log.take("web", mark)).tally.empty);
  await log.take("web", mark);
  expect(warned).toEqual([]);
  expect(world.files()).toBe(1);
});
