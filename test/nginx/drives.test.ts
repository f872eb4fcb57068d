import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
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

  test("sees that nginx dropped a configuration although no test and no log told", async () => {
    stage = await startStage({ http: () => "upstream taken { server 127.0.0.1:1; }", settings: { deadlineMs: 600 } });
    await reopen(byCommand(false));
    stage.driven.want([stage.web, stage.shop]);
    const { generation } = await stage.driven.applied([stage.web, stage.shop]);
    stage.driven.want([stage.web, stage.shop, { ...stage.shop, service: "taken" }]);
    const report = await stage.driven.reported("blocked", (one) => one.blocked !== null);
    expect(report.blocked).toContain("reload failed");
    expect(report.generation).toBe(generation);
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
