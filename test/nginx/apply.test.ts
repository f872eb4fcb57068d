import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bench, putInPlace, reload } from "../../src/nginx/apply.ts";
import { readBuild } from "../../src/nginx/command.ts";
import { ErrorLog } from "../../src/nginx/error-log.ts";
import { Generations, type Manifest } from "../../src/nginx/files.ts";
import { findMaster } from "../../src/nginx/processes.ts";
import { type ProofInput, prove } from "../../src/nginx/proof.ts";
import { StatusClient } from "../../src/nginx/status.ts";
import { steady } from "../support/client.ts";
import { type Stage, startStage } from "../support/stage.ts";

let stage: Stage;
let bench: Bench;
beforeEach(async () => {
  // The set holds a file for the main context too, so that a bad one can be undone with the set.
  stage = await startStage({ workers: 2 });
  const { settings } = stage.driven;
  bench = {
    settings,
    build: await readBuild(settings.drive),
    files: new Generations(settings.include),
    status: new StatusClient(settings.status, 150),
    errorLog: new ErrorLog(join(stage.driven.prefix, "error.log")),
    monotonic: () => performance.now(),
    signal: new AbortController().signal,
  };
});
afterEach(() => stage[Symbol.asyncDispose]());

/** The next generation, with a file for the main context and one for the events block. */
async function next(before: Manifest, main: string, events: string): Promise<Manifest> {
  const { files } = bench;
  const generation = `${await files.nextNumber(0)}-0000abcd`;
  const texts = Object.keys(before.files).map((name): [string, string] => [
    name,
    readFileSync(join(files.path(before.generation), name), "utf8").replaceAll(before.generation, generation),
  ]);
  await files.write(
    { ...before, generation, hash: "0000abcd" },
    new Map([...texts, ["main.conf", main], ["events.conf", events]]),
  );
  const manifest = await files.manifest(generation);
  if (manifest === null) throw new Error("not written");
  return manifest;
}

async function live(): Promise<Manifest> {
  const manifest = await bench.files.manifest((await bench.files.current()) ?? "");
  if (manifest === null) throw new Error("nothing there");
  return manifest;
}

/** Puts a set in place that ends every worker. Returns the longest that a client waited meanwhile, in milliseconds. */
async function outage(good: Manifest, context: string, events: string): Promise<number> {
  const to = await next(good, context, events);
  await using load = steady(stage.driven.url, { connections: 1, pauseMs: 0, fresh: true });
  await load.more(5);
  expect(await putInPlace(bench, to.generation, good.generation, null)).toBeNull();
  const outcome = await reload(bench, { to, from: good.generation, urgent: true, hurry: bench.signal, signalled: () => {} });
  expect(outcome).toMatchObject({ is: "undone", dropped: false, proof: { answer: { generation: good.generation } } });
  expect(await bench.files.pending()).toBeNull();
  await load.more(5);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(load.counts).toEqual({ blue: load.total });
  return load.longestMs;
}

describe("a reload", () => {
  // More connections than can be addressed, so that nothing is allocated.
  test.each([
    ["working_directory", "working_directory /nonexistent/folder;", "worker_connections 512;"],
    ["worker_rlimit_nofile", "worker_rlimit_nofile 4;", "worker_connections 512;"],
    ["worker_connections", "", "worker_connections 1000000000000;"],
  ])("that ends every worker by %s is undone at once, and no fresh connection fails", async (_, context, events) => {
    await stage.driven.close();
    const good = await next(await live(), "", "worker_connections 512;");
    await bench.files.swap(good.generation);
    const { config } = stage.driven.nginx;
    const current = `${stage.driven.settings.include}/current`;
    const main = readFileSync(config, "utf8").replace("worker_connections 1024;", `include ${current}/events.conf;`);
    writeFileSync(config, `include ${current}/main.conf;\n${main}`);
    await stage.driven.nginx.reload();
    // A busy machine may be slow once, and not three times.
    let shortest = await outage(good, context, events);
    for (let again = 0; again < 2 && shortest >= 200; again += 1) shortest = await outage(good, context, events);
    expect(stage.driven.nginx.logs()).toContain("cannot be respawned");
    expect(shortest).toBeLessThan(200);
  });
});

describe("a proof", () => {
  const proof = async (more: Partial<ProofInput>) => {
    const found = await findMaster(stage.driven.nginx.pidFile);
    if (found.is !== "master") throw new Error(found.why);
    const { generation } = await live();
    const { status, monotonic, signal } = bench;
    const common = { generation, before: [], master: found.master, status, log: null, deadlineMs: 400, monotonic, signal };
    return prove({ ...common, ...more });
  };

  test("holds where every worker serves the generation, and only after they did for 150 ms", async () => {
    const start = performance.now();
    expect(await proof({})).toMatchObject({ is: "proved", answer: { probe: true } });
    expect(performance.now() - start).toBeGreaterThan(149);
  });

  test("fails while one worker of before still serves, although the generation answers", async () => {
    const [one] = stage.driven.nginx.workers();
    expect(await proof({ before: [one ?? 0] })).toMatchObject({ is: "failed", how: "late" });
  });

  test("fails where another generation answers", async () => {
    expect(await proof({ generation: "99-00000000" })).toMatchObject({ is: "failed", how: "late" });
    expect(await proof({ generation: "99-00000000", master: null })).toMatchObject({ is: "failed", how: "late" });
  });

  test("fails at once where the master complains, and not of what it said before", async () => {
    const log = new ErrorLog(join(stage.driven.prefix, "error.log"));
    const line = `2026/01/01 00:00:00 [emerg] ${stage.driven.nginx.pid}#1: open() "/x" failed\n`;
    appendFileSync(log.path, line);
    await log.mark();
    expect(await proof({ log })).toMatchObject({ is: "proved" });
    appendFileSync(log.path, line);
    const start = performance.now();
    expect(await proof({ log })).toMatchObject({ is: "failed", how: "dropped", said: [line.trimEnd()] });
    expect(performance.now() - start).toBeLessThan(150);
  });
});
