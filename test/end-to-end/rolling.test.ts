import { describe, expect, it } from "vitest";
import { ask, count, steady } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { Machines } from "./machines.ts";
import { Stack } from "./stack.ts";

const ROLL = ["start", "web", "--strategy", "rolling"] as const;

/** Fast enough for a test, and otherwise as a team would write it. */
function rolling(machines: Machines, more: Readonly<Record<string, string>> = {}): string {
  const settings = {
    batch: "2",
    drain: "10s",
    minHealthy: "300ms",
    monitor: "500ms",
    // A member is a Node of its own, which a busy machine may need seconds to start.
    deadline: "10s",
    deploy: machines.hook,
    ...more,
  };
  return `    rolling: { ${Object.entries(settings)
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ")} }`;
}

async function started(
  machines: Machines,
  more: Readonly<Record<string, string>> = {},
  blue: readonly string[] = machines.members,
): Promise<Stack> {
  const stack = await Stack.start({
    routing: "weighted",
    blue,
    members: { blue: 0, green: 1 },
    service: rolling(machines, more),
  });
  await stack.serve();
  await until("all members are ready", async () => {
    const { pools } = await stack.service();
    return pools.blue?.members.every(({ health }) => health === "ready") === true;
  });
  return stack;
}

/** Waits until a person has to decide about a member. */
async function failing(stack: Stack, member: string): Promise<void> {
  const there = async () => (await stack.rollout()).rolling?.failing?.members.includes(member) === true;
  await until(`${member} has failed`, there, 20_000);
}

describe("a rolling update", () => {
  it("restarts six members two by two, and no client notices", { timeout: 90_000 }, async () => {
    await using machines = await Machines.start(7);
    const [spare = "", ...pool] = machines.members;
    await using stack = await started(machines, { pool: "blue", spares: `["${spare}"]`, maxUnavailable: "1" }, pool);
    await using kept = steady(stack.url, { connections: 4 });
    await using fresh = steady(stack.url, { connections: 2, fresh: true });
    const slow = Array.from({ length: 6 }, () => ask(`${stack.url}/?ms=1500`));
    const ended = await stack.cli(...ROLL, "--version", "v2", "--wait", "--timeout", "60s");
    expect(ended.code, ended.err).toBe(0);
    expect(await machines.versions()).toEqual(Array(7).fill("v2"));
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(Array(6).fill(200));
    await fresh.more(20);
    await kept.more(20);
    await Promise.all([kept.stop(), fresh.stop()]);
    for (const clients of [kept, fresh]) {
      expect(clients.failures).toEqual([]);
      expect(Object.keys(clients.counts).sort()).toEqual(["v1", "v2"]);
    }
    expect(machines.atOnce).toBeLessThanOrEqual(2);
    const first = machines.deploys[0]?.port;
    expect(spare.endsWith(`:${first}`)).toBe(true);
    const { pools } = await stack.service();
    expect(pools.blue?.members.find(({ address }) => address === spare)?.state).toBe("down");
  });
});

describe("a member that fails its update", () => {
  const one = { batch: "1", drain: "2s", minHealthy: "0s", monitor: "300ms", deadline: "1s" };

  it("that never gets healthy stays out until a person decides, and nobody else is touched", { timeout: 60_000 }, async () => {
    await using machines = await Machines.start(3);
    await using stack = await started(machines, one);
    await using clients = steady(stack.url, { connections: 3 });
    const [first = "", second = "", third = ""] = machines.members;
    const held = await stack.cli(...ROLL, "--version", "v2-sick", "--wait", "--timeout", "30s");
    expect(held.code).toBe(8);
    expect(await machines.versions()).toEqual(["v2-sick", "v1", "v1"]);
    expect((await stack.rollout()).reason).toContain(`${first} is not healthy`);
    expect((await stack.cli("exclude", "web", first)).code).toBe(0);
    await failing(stack, second);
    expect(await machines.version(third)).toBe("v1");
    for (const member of [first, second]) machines.restart(member, "v1");
    expect((await stack.cli("skip", "web", second)).code).toBe(0);
    await failing(stack, third);
    machines.restart(third, "v1");
    expect((await stack.cli("abort", "web", "--wait", "--timeout", "20s")).code).toBe(8);
    expect((await stack.rollout()).reason).toContain(`on v2-sick: ${first}, ${second}, ${third}; as before: none`);
    expect((await stack.cli("abort", "web", "--wait", "--timeout", "20s")).code).toBe(0);
    await clients.stop();
    expect([clients.failures, Object.keys(clients.counts)]).toEqual([[], ["v1"]]);
  });
});

it("goes on from where it was, whatever it was doing when the controller was killed", { timeout: 90_000 }, async () => {
  await using machines = await Machines.start(3);
  await using stack = await started(machines, { batch: "1", minHealthy: "600ms", monitor: "600ms", drain: "10s" });
  await using clients = steady(stack.url, { connections: 3 });
  const slow = Array.from({ length: 6 }, () => ask(`${stack.url}/?ms=1500`));
  for (const member of machines.members) machines.set("wait", member, true);
  expect((await stack.cli(...ROLL, "--version", "v2", "--detach")).code).toBe(0);
  for (const doing of ["draining", "deploying", "checking", "monitoring"]) {
    const there = async () => (await stack.rollout()).rolling?.members.some(({ state }) => state === doing) === true;
    await until(doing, there, 15_000);
    // The state says so before the script has written a word.
    if (doing === "deploying") await until("its script has begun", () => machines.deploys.length > 0);
    await stack.killController();
    if (doing === "deploying") for (const member of machines.members) machines.set("wait", member, false);
    await stack.serve();
  }
  await stack.reaches("promoted", null, 40_000);
  expect(await machines.versions()).toEqual(["v2", "v2", "v2"]);
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(Array(6).fill(200));
  const begun = machines.deploys.filter(({ what }) => what === "begins");
  // The one that was killed in its middle ran again, and could tell by its key.
  expect(begun).toHaveLength(4);
  expect(new Set(begun.map(({ key }) => key)).size).toBe(3);
  await clients.stop();
  expect(clients.failures).toEqual([]);
});

it("judges a batch against its peers, and puts the old version back where it is worse", { timeout: 60_000 }, async () => {
  await using machines = await Machines.start(4);
  const errors = "metrics: { errors: { source: nginx, measure: errors, window: 2s } }";
  const settings = rolling(machines, {
    batch: "1",
    minHealthy: "0s",
    monitor: "4s",
    onFailure: "rollback",
    rollback: machines.rollback,
    checks: "[{ metric: errors, compare: stable, minRequests: 20 }]",
  });
  await using stack = await Stack.start({
    routing: "weighted",
    blue: machines.members,
    members: { blue: 0, green: 1 },
    metrics: errors,
    service: settings,
    logOff: false,
  });
  await stack.serve();
  await using clients = steady(stack.url, { connections: 4, pauseMs: 10 });
  const ended = await stack.cli(...ROLL, "--version", "v2-bad", "--wait", "--timeout", "40s");
  expect(ended.code, ended.err).toBe(3);
  expect(await machines.versions()).toEqual(["v1", "v1", "v1", "v1"]);
  const [first = ""] = machines.members;
  expect((await stack.rollout()).reason).toContain(`failed on ${first}, 0 of `);
  await clients.stop();
  // A member that fails is taken out at once, without the wait that saves keep-alive connections.
  expect(clients.failures.length).toBeLessThanOrEqual(4);
});

it("gives a member that is back its share little by little", { timeout: 40_000 }, async () => {
  await using machines = await Machines.start(2);
  await using stack = await started(machines, { batch: "1", minHealthy: "0s", monitor: "0s", slowStart: "8s" });
  const [first = ""] = machines.members;
  expect((await stack.cli(...ROLL, "--version", "v2", "--detach")).code).toBe(0);
  await until(
    "a quarter of its share",
    async () => (await stack.rollout()).reason.startsWith("watching batch 1 of 2: 25 %"),
    20_000,
  );
  const { v1 = 0, v2 = 0 } = await count(stack.url, 200);
  // A quarter of a share beside a whole one: one request in five.
  expect([v1 + v2, Math.abs(v2 - 40) <= 4]).toEqual([200, true]);
  expect(await machines.version(first)).toBe("v2");
});
