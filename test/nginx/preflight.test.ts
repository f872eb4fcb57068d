import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Preflight } from "../../src/nginx/preflight.ts";
import { steady } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { type Stage, shifted, startStage } from "../support/stage.ts";

const BAD = [
  ["working_directory", (main: string) => `working_directory /nonexistent/folder;\n${main}`, "/nonexistent/folder"],
  ["worker_rlimit_nofile", (main: string) => `worker_rlimit_nofile 4;\n${main}`, "Too many open files"],
  // More than can be addressed, so that nothing is allocated.
  ["worker_connections", (main: string) => main.replace("worker_connections 1024", "worker_connections 1000000000000"), "memory"],
] as const;

describe("a target", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await startStage({ workers: 2 });
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  test("never signals an nginx whose main context would end all workers, and says why", async () => {
    const { driven, web, shop } = stage;
    driven.want([web, shop]);
    await driven.applied([web, shop]);
    const { config } = driven.nginx;
    const main = readFileSync(config, "utf8");
    const workers = driven.nginx.workers();
    await using load = steady(driven.url, { fresh: true });
    let half = shop;
    for (const [directive, spoil, said] of BAD) {
      writeFileSync(config, spoil(main));
      expect(await driven.nginx.test(), directive).toMatchObject({ ok: true });
      // A way back is tried at once where it is another, so that no backoff is waited for.
      half = shifted(half, 1_000 * half.version, { urgent: true });
      driven.want([web, half]);
      const report = await driven.reported(directive, (one) => one.blocked?.includes(said) === true);
      expect(report.blocked).toContain("workers would all end");
    }
    expect(driven.nginx.workers()).toEqual(workers);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.counts).toEqual({ blue: load.total });
    writeFileSync(config, main);
    half = shifted(half, 5_000, { urgent: true });
    driven.want([web, half]);
    await driven.applied([half]);
  });
});

describe("the small nginx that is started to see whether workers would start", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-preflight-"));
    writeFileSync(join(folder, "nginx.conf"), "working_directory /nonexistent/folder;\nevents {}\n");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const drive = (binary: string) =>
    ({ by: "local", binary, config: join(folder, "nginx.conf"), pid: join(folder, "nginx.pid") }) as const;

  test("does its work where there is no timeout program", async () => {
    const preflight = new Preflight({ command: join(folder, "absent"), mostS: 1 });
    const nginx = "nginx";
    expect(await preflight.objection(drive(nginx), folder)).toContain("/nonexistent/folder");
    writeFileSync(join(folder, "nginx.conf"), "events {}\n");
    expect(await preflight.objection(drive(nginx), folder)).toBeNull();
  });

  test("is ended for certain: an nginx that is told to end while it starts may not hear of it", async () => {
    const binary = join(folder, "deaf");
    const pidFile = join(folder, "deaf.pid");
    writeFileSync(binary, `#!/bin/sh\ntrap '' TERM\necho $$ > ${pidFile}\nwhile :; do sleep 0.05; done\n`);
    chmodSync(binary, 0o755);
    expect(await new Preflight().objection(drive(binary), folder)).toBeNull();
    const pid = readFileSync(pidFile, "utf8").trim();
    await until("it is gone", () => !existsSync(`/proc/${pid}`));
  });

  test("ends by itself where Sluice is killed in the middle", async () => {
    // It is never seen to start, because its pid lies elsewhere.
    const pidFile = join(folder, "small.pid");
    const own = `daemon off; pid ${pidFile}; error_log ${join(folder, "error.log")}; events {}`;
    writeFileSync(join(folder, "small.conf"), own);
    const binary = join(folder, "nginx");
    writeFileSync(binary, `#!/bin/sh\nexec nginx -p ${folder} -c ${join(folder, "small.conf")}\n`);
    chmodSync(binary, 0o755);
    const module = JSON.stringify(new URL("../../src/nginx/preflight.ts", import.meta.url).href);
    const code = `const { Preflight } = await import(${module});
      await new Preflight({ command: "timeout", mostS: 2 }).objection(${JSON.stringify(drive(binary))}, "");`;
    const sluice = execa(process.execPath, ["--input-type=module", "-e", code], { reject: false });
    await until("the small nginx runs", () => existsSync(pidFile) && readFileSync(pidFile, "utf8").trim() !== "");
    const pid = Number(readFileSync(pidFile, "utf8"));
    sluice.kill("SIGKILL");
    expect((await sluice).signal).toBe("SIGKILL");
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    await until("it is gone", () => !existsSync(`/proc/${pid}`), 8_000).catch((error: Error) => {
      process.kill(pid, "SIGTERM");
      throw error;
    });
  });
});
