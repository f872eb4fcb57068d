import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { count } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { Stack } from "./stack.ts";

const STEP = "    canary: { steps: [{ share: 50%, until: approved }] }";

describe("an nginx that does not take a change", () => {
  it("because of a taken port: the traffic stays, the reason is shown, and it goes on once that is mended", {
    timeout: 60_000,
  }, async () => {
    await using stack = await Stack.start({ routing: "weighted", service: STEP });
    await stack.serve();
    await stack.applied();
    const port = await freePort();
    const taken = createServer().listen(port, "127.0.0.1");
    const main = readFileSync(stack.nginx.config, "utf8");
    writeFileSync(stack.nginx.config, main.replace(/\n}\s*$/, `\n  server { listen 127.0.0.1:${port}; }\n}\n`));
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await until("the reason is shown", async () => /bind|in use/.test((await stack.rollout()).reason), 20_000);
    expect(await stack.rollout()).toMatchObject({ phase: "applying" });
    expect(await count(stack.url, 100)).toEqual({ blue: 100 });
    await new Promise((resolve) => taken.close(resolve));
    await stack.reaches("waiting", 0, 30_000);
    expect(await count(stack.url, 100)).toEqual({ blue: 50, green: 50 });
  });

  it("because the user's own file is broken: an abort of a live canary works all the same", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ routing: "live", service: STEP });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    writeFileSync(stack.nginx.config, `${readFileSync(stack.nginx.config, "utf8")}\nnonsense;\n`);
    const said = await stack.cli("abort", "web", "--wait", "--timeout", "20s");
    expect(said, said.err).toMatchObject({ code: 0 });
    expect(await count(stack.url, 100)).toEqual({ blue: 100 });
  });
});

describe("a template of the user's that is broken", () => {
  it("is refused at the start with file and line, and nginx is left alone", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start();
    writeFileSync(stack.config, `templates: ./own\n${readFileSync(stack.config, "utf8")}`);
    mkdirSync(join(stack.nginx.prefix, "own"), { recursive: true });
    writeFileSync(join(stack.nginx.prefix, "own/live.http.hbs"), "upstream {{#each\n");
    for (const args of [["serve"], ["render"]]) {
      const said = await stack.cli(...args);
      expect(said.code).toBe(6);
      expect(said.err).toMatch(/own\/[a-z.]+\.hbs:\d+/);
    }
    expect(await count(stack.url, 20)).toEqual({ blue: 20 });
  });
});

describe("members", () => {
  it("of a name with several addresses count as several, with an exact share", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({
      routing: "weighted",
      members: { blue: 3, green: 1 },
      service: "    canary: { steps: [{ share: 25%, until: approved }] }",
    });
    await stack.serve();
    const green = stack.green[0];
    const set = await stack.api("PUT", "/v1/services/web/pools/green/members", [`localhost:${green?.port}`]);
    expect(set.status).toBe(200);
    const service = await stack.applied();
    expect(service.pools.green).toMatchObject({ from: "api", members: [{ address: `localhost:${green?.port}` }] });
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    const endpoints = service.pools.green?.members[0]?.endpoints.length ?? 0;
    expect(endpoints).toBeGreaterThan(0);
    // Where localhost has an IPv6 address too, nobody listens there: the rollout waits for it, and says so.
    if (endpoints > 1) expect((await stack.reaches("waiting", 0)).reason).toMatch(/1 of 2/);
    else {
      await stack.reaches("waiting", 0);
      expect(await count(stack.url, 400)).toEqual({ blue: 300, green: 100 });
    }
  });

  it("that are taken out by hand get no request, and come back", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ routing: "weighted" });
    await stack.serve();
    const [first, second] = stack.blue;
    expect((await stack.cli("members", "web", "blue", "drain", first?.address ?? "")).code).toBe(0);
    await stack.applied();
    first?.reset();
    expect(await count(stack.url, 50)).toEqual({ blue: 50 });
    expect([first?.count, second?.count]).toEqual([0, 50]);
    const last = await stack.cli("members", "web", "blue", "drain", second?.address ?? "");
    expect(last.code).toBe(5);
    expect(last.err).toMatch(/502/);
    expect((await stack.cli("members", "web", "blue", "ready", first?.address ?? "")).code).toBe(0);
    await stack.applied();
    await count(stack.url, 50);
    expect(first?.count).toBe(25);
  });
});

describe("a changed configuration", () => {
  it("is taken over on SIGHUP, all or nothing", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ service: STEP });
    await stack.serve();
    const text = readFileSync(stack.config, "utf8");
    writeFileSync(stack.config, text.replace("share: 50%", "share: 20%").replace("stable: blue", "stable: bleu"));
    stack.signalController("SIGHUP");
    await until("the refusal is told", () => stack.log.includes("refused as a whole"));
    writeFileSync(stack.config, text.replace("share: 50%", "share: 20%"));
    stack.signalController("SIGHUP");
    await until("the reload is told", () => stack.log.includes("configuration reloaded"));
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    const rollout = await stack.reaches("waiting", 0);
    expect(rollout.steps[0]?.shares).toEqual({ blue: 8_000, green: 2_000 });
  });
});

describe("commands that make no sense now", () => {
  it("are refused with the reason, and change nothing", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ service: STEP });
    await stack.serve();
    expect((await stack.cli("switch", "web", "blue")).code).toBe(0);
    expect(await stack.api("POST", "/v1/services/web/rollout/advance", {})).toMatchObject({
      status: 409,
      body: { code: "no-rollout" },
    });
    expect(await stack.api("POST", "/v1/services/web/rollouts", { strategy: "canary", to: "purple" })).toMatchObject({
      status: 404,
      body: { code: "unknown-pool" },
    });
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    const again = await stack.cli("start", "web", "--strategy", "canary");
    expect(again.code).toBe(5);
    expect(again.err).toMatch(/web-1 .* is under way, started by admin/);
    expect(await stack.api("POST", "/v1/services/web/rollout/advance", { step: 7 })).toMatchObject({
      status: 409,
      body: { code: "stale-step" },
    });
  });

  it("but a start with replace sends the one under way back first", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ service: STEP });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    const blind = await stack.api("POST", "/v1/services/web/rollouts", { strategy: "canary", replace: true });
    expect(blind.status).toBe(428);
    const { etag } = await stack.api("GET", "/v1/services/web");
    const start = { strategy: "canary", replace: true };
    const answer = await stack.api("POST", "/v1/services/web/rollouts", start, etag ?? "");
    expect(answer).toMatchObject({ status: 201, body: { id: "web-2" } });
    expect((await stack.api("GET", "/v1/rollouts/web-1")).body).toMatchObject({
      phase: "reverted",
      reason: "aborted by admin: replaced",
    });
  });
});
