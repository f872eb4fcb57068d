import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { count, steady } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { Stack } from "./stack.ts";

const DWELL = "    canary: { steps: [{ share: 30%, for: 8s }, { share: 100%, for: 1s }] }";

describe("a controller that is killed", () => {
  it("goes on from where it was: twenty kills in one dwell make it neither shorter nor longer", { timeout: 90_000 }, async () => {
    await using stack = await Stack.start({ service: DWELL });
    await stack.serve();
    await using client = steady(stack.url);
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("observing", 0);
    for (let kill = 0; kill < 20; kill++) {
      await stack.killController();
      await stack.serve();
      const { phase, step } = await stack.rollout();
      if (phase !== "observing" || step !== 0) break;
    }
    await stack.reaches("promoted", null, 30_000);
    const events = (await stack.api("GET", "/v1/rollouts/web-1/events?limit=500")).body as {
      events: { kind: string; step: number; at: string }[];
    };
    const at = (kind: string, step: number) =>
      Date.parse(events.events.find((event) => event.kind === kind && event.step === step)?.at ?? "");
    expect(events.events.filter(({ kind }) => kind === "member-ready")).toEqual([]);
    const dwellMs = at("applying", 1) - at("observing", 0);
    expect(dwellMs).toBeGreaterThanOrEqual(8_000);
    // A kill at the end of the dwell adds the time until the next start, which is a matter of the machine.
    expect(dwellMs).toBeLessThan(12_000);
    expect(events.events.filter((event) => event.kind === "applying").map((event) => event.step)).toEqual([0, 1, 2]);
    expect(client.failures).toEqual([]);
    expect(Object.keys(client.counts).sort()).toEqual(["blue", "green"]);
  });

  it("leaves nginx serving, and finds what is stored and what is served the same afterwards", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ service: "    canary: { steps: [{ share: 50%, until: approved }] }" });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    await stack.killController();
    const while_dead = await count(stack.url, 300);
    expect(Math.abs((while_dead.green ?? 0) - 150)).toBeLessThan(60);
    await stack.serve();
    const service = await stack.applied();
    expect(service).toMatchObject({
      wanted: { shares: { blue: 5_000, green: 5_000 } },
      applied: { shares: { blue: 5_000, green: 5_000 } },
    });
    expect((await stack.cli("advance", "web", "--wait", "--timeout", "20s")).code).toBe(0);
  });

  it("goes back when it comes up again where the candidate died meanwhile", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ service: "    canary: { steps: [{ share: 50%, until: approved }] }" });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    await stack.killController();
    await Promise.all(stack.green.map((member) => member.die()));
    await stack.serve();
    await stack.reaches("reverted");
    expect(await count(stack.url, 50)).toEqual({ blue: 50 });
  });
});

describe("an nginx that is killed in the middle", () => {
  it("is waited for, and serves what is wanted when it comes up", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({
      service: "    canary: { steps: [{ share: 30%, until: approved }, { share: 60%, until: approved }] }",
    });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    await stack.nginx.kill();
    await until("Sluice has seen it", async () => (await stack.service()).applied.targets[0]?.state !== "applied", 10_000);
    await stack.cli("advance", "web");
    await stack.nginx.start();
    await stack.reaches("waiting", 1, 20_000);
    const counts = await count(stack.url, 300);
    expect(Math.abs((counts.green ?? 0) - 180)).toBeLessThan(60);
  });

  it("takes an abort that came while it was away", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ service: "    canary: { steps: [{ share: 60%, until: approved }] }" });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    await stack.nginx.kill();
    expect((await stack.cli("abort", "web")).code).toBe(0);
    await stack.nginx.start();
    await stack.reaches("reverted", null, 20_000);
    expect(await count(stack.url, 100)).toEqual({ blue: 100 });
  });
});

describe("what lies on disk", () => {
  it("is put right where somebody edited it by hand", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start();
    await stack.serve();
    await stack.applied();
    const file = join(stack.nginx.prefix, "sluice/current/web.http.conf");
    writeFileSync(file, readFileSync(file, "utf8").replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"));
    expect((await stack.cli("render", "--diff")).out).toContain("127.0.0.1:1 ");
    await stack.api("POST", `/v1/services/web/pools/green/members/${stack.green[0]?.address}/drain`, {});
    await stack.applied();
    expect(readFileSync(file, "utf8")).not.toContain("127.0.0.1:1 ");
    expect(stack.log).toMatch(/by hand/);
  });

  it("keeps the token and the state from others", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start();
    await stack.serve();
    const state = join(stack.nginx.prefix, "state");
    expect(statSync(state).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(state).filter((name) => !name.startsWith("abort")))
      expect(statSync(join(state, file)).mode & 0o077, file).toBe(0);
  });
});
