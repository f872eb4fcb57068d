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
import { ask } from "../support/client.ts";
import { type Stage, shifted, startStage } from "../support/stage.ts";

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

async function next(before: Manifest, main: string): Promise<Manifest> {
  const { files } = bench;
  const generation = `${await files.nextNumber(0)}-0000abcd`;
  const texts = Object.keys(before.files).map((name): [string, string] => [
    name,
    readFileSync(join(files.path(before.generation), name), "utf8").replaceAll(before.generation, generation),
  ]);
  await files.write({ ...before, generation, hash: "0000abcd" }, new Map([...texts, ["main.conf", main]]));
  const manifest = await files.manifest(generation);
  if (manifest === null) throw new Error("not written");
  return manifest;
}

async function live(): Promise<Manifest> {
  const manifest = await bench.files.manifest((await bench.files.current()) ?? "");
  if (manifest === null) throw new Error("nothing there");
  return manifest;
}

describe("a reload", () => {
  test("that ends every worker is undone at once, and no fresh connection fails", async () => {
    await stage.driven.close();
    const good = await next(await live(), "");
    await bench.files.swap(good.generation);
    const { config } = stage.driven.nginx;
    const main = readFileSync(config, "utf8");
    writeFileSync(config, `include ${stage.driven.settings.include}/current/main.conf;\n${main}`);
    await stage.driven.nginx.reload();
    const failures: string[] = [];
    let going = true;
    let longest = 0;
    const asking = (async () => {
      while (going) {
        const start = performance.now();
        await ask(stage.driven.url).then(
          (answer) => answer.status === 200 || failures.push(String(answer.status)),
          (error: Error) => failures.push(error.message),
        );
        longest = Math.max(longest, performance.now() - start);
      }
    })();
    for (const bad of ["working_directory /nonexistent/folder;", "worker_rlimit_nofile 4;"]) {
      const to = await next(good, bad);
      expect(await putInPlace(bench, to.generation, good.generation, null)).toBeNull();
      const outcome = await reload(bench, { to, from: good.generation, urgent: true, hurry: bench.signal, signalled: () => {} });
      expect(outcome).toMatchObject({ is: "undone", proof: { answer: { generation: good.generation } } });
      expect(await bench.files.pending()).toBeNull();
    }
    going = false;
    await asking;
    expect(stage.driven.nginx.logs()).toContain("cannot be respawned");
    expect(failures).toEqual([]);
    expect(longest).toBeLessThan(250);
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

describe("a target", () => {
  test("never signals an nginx whose main context would end all workers, and says why", async () => {
    const { driven, web, shop } = stage;
    driven.want([web, shop]);
    await driven.applied([web, shop]);
    const { config } = driven.nginx;
    const main = readFileSync(config, "utf8");
    writeFileSync(config, `working_directory /nonexistent/folder;\n${main}`);
    const workers = driven.nginx.workers();
    const half = shifted(shop, 5_000);
    driven.want([web, half]);
    const report = await driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toContain("workers would all end");
    expect(report.blocked).toContain("/nonexistent/folder");
    expect(driven.nginx.workers()).toEqual(workers);
    writeFileSync(config, main);
    await driven.applied([half]);
  });
});
