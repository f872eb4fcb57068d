import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { findMaster } from "../../src/nginx/processes.ts";
import type { Drive } from "../../src/nginx/settings.ts";
import { count } from "../support/client.ts";
import { type Stage, shifted, startStage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage[Symbol.asyncDispose]());

/** Programs that test and reload, as `docker exec` would: without a pid that this side could look at. */
function byCommand(test: boolean): Drive {
  const { prefix, nginx } = stage.driven;
  const base = [nginx.binary, "-p", prefix, "-c", nginx.config];
  return { by: "command", test: test ? [...base, "-t"] : null, reload: [...base, "-s", "reload"], pid: null };
}

async function reopen(drive: Drive): Promise<void> {
  await stage.driven.close();
  await stage.driven.open({ drive });
}

describe("a target that is driven by commands", () => {
  test.each([true, false])("applies and proves without a look at the processes (with a test: %s)", async (withTest) => {
    stage = await startStage({ workers: 2 });
    await reopen(byCommand(withTest));
    const half = shifted(stage.shop, 5_000);
    const whole = shifted(stage.web, 10_000);
    stage.driven.want([whole, half]);
    await stage.driven.applied([whole, half]);
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 10, green: 10 });
    expect(await count(stage.driven.url, 20)).toEqual({ green: 20 });
  });

  test("finds whose change nginx dropped although no test and no log told", async () => {
    stage = await startStage({ http: () => "upstream taken { server 127.0.0.1:1; }", settings: { deadlineMs: 600 } });
    await reopen(byCommand(false));
    stage.driven.want([stage.web, stage.shop]);
    await stage.driven.applied([stage.web, stage.shop]);
    const half = shifted(stage.shop, 5_000);
    stage.driven.want([stage.web, half, { ...stage.shop, service: "taken" }]);
    await stage.driven.applied([half]);
    const report = await stage.driven.reported("it is told", (one) => one.services.taken?.refused !== undefined);
    expect(report.services.taken?.refused?.text).toContain("reload failed");
    expect(report.blocked).toBeNull();
    const more = shifted(half, 2_000);
    stage.driven.want([stage.web, more, { ...stage.shop, service: "taken" }]);
    await stage.driven.applied([more]);
    expect(await stage.driven.nginx.test()).toMatchObject({ ok: true });
  });

  test("says which command failed", async () => {
    stage = await startStage();
    const script = join(stage.driven.prefix, "reload");
    writeFileSync(script, "#!/bin/sh\necho no such container: edge >&2\nexit 1\n");
    chmodSync(script, 0o755);
    await reopen({ by: "command", test: null, reload: [script], pid: null });
    stage.driven.want([stage.web, shifted(stage.shop, 5_000)]);
    const report = await stage.driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toContain("no such container: edge");
    expect(await count(`${stage.driven.url}/shop`, 10)).toEqual({ blue: 10 });
  });
});

describe("a target that is signalled, and has no nginx program", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-socket-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function signalled(): Drive {
    const { prefix, nginx } = stage.driven;
    return { by: "signal", config: nginx.config, pid: join(prefix, "nginx.pid") };
  }

  test("applies, and proves over a unix socket", async () => {
    stage = await startStage({ workers: 2, settings: { status: `unix:${folder}/proves.sock` } });
    await reopen(signalled());
    const half = shifted(stage.shop, 5_000);
    const whole = shifted(stage.web, 10_000);
    stage.driven.want([whole, half]);
    await stage.driven.applied([whole, half]);
    expect(await count(`${stage.driven.url}/shop`, 20)).toEqual({ blue: 10, green: 10 });
    expect(await count(stage.driven.url, 20)).toEqual({ green: 20 });
  });

  test("reads in nginx's error log why a configuration was dropped", async () => {
    stage = await startStage({
      http: () => "upstream taken { server 127.0.0.1:1; }",
      settings: { status: `unix:${folder}/reads.sock`, deadlineMs: 60_000 },
    });
    await reopen(signalled());
    stage.driven.want([stage.web, stage.shop]);
    const { generation } = await stage.driven.applied([stage.web, stage.shop]);
    stage.driven.want([stage.web, stage.shop, { ...stage.shop, service: "taken" }]);
    const report = await stage.driven.reported("it is told", (one) => one.services.taken?.refused !== undefined);
    expect(report.services.taken?.refused?.text).toContain("duplicate upstream");
    expect(report).toMatchObject({ generation, blocked: null });
  });

  test("takes the first process of a container for what it is", async () => {
    const pid = join(folder, "pid");
    writeFileSync(pid, "1\n");
    const found = await findMaster(pid);
    // Here it is no nginx; in nginx's own container it is.
    expect(found.is === "none" ? found.why : found).toContain("is not an nginx master");
    writeFileSync(pid, "0\n");
    expect(await findMaster(pid)).toMatchObject({ is: "none", why: expect.stringContaining("holds no pid") });
  });
});

describe("an nginx that does not include Sluice's files", () => {
  test("is told the line to add", async () => {
    stage = await startStage({ settings: { deadlineMs: 400 } });
    const { config } = stage.driven.nginx;
    const text = readFileSync(config, "utf8");
    await stage.driven.close();
    writeFileSync(config, text.replaceAll(/include .*;\n/g, "").replace(/server \{[\s\S]*/, "}\n"));
    await stage.driven.nginx.stop();
    await stage.driven.nginx.start();
    await stage.driven.open();
    stage.driven.want([stage.web, stage.shop]);
    const report = await stage.driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toContain(`include ${stage.driven.settings.include}/current/*.http.conf;`);
  });
});
