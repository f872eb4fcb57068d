import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Clients, percent, summary } from "./clients.ts";
import { allReady, startCanary } from "./held-canary.ts";
import { Stack, served } from "./stack.ts";

describe("a service is killed during a canary", () => {
  let stack: Stack;
  let clients: Clients;

  beforeAll(async () => {
    stack = await Stack.up();
    clients = new Clients(stack.url);
    await allReady(stack);
    await startCanary(stack);
  });

  afterAll(async () => {
    await clients?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  });

  /** Kills it, lets Compose bring back what is down, and waits until 25 % is served as before. */
  async function killed(services: string): Promise<void> {
    await stack.good(`docker compose kill ${services}`);
    await stack.good("docker compose up --detach");
    await stack.until("25 % is served", (web) => served(web)?.green === 25 && web.rollout?.phase === "waiting");
    const after = await clients.during(2_000);
    expect(summary(after)).toEqual({ versions: ["v1", "v2"], failed: 0, lost: 0 });
    // 320 requests: 25 % with a standard error of 2.4 points.
    expect(Math.abs(percent(after, "v2") - 25)).toBeLessThan(10);
  }

  // Clients and switches are outside of the path of a request: one round for both.
  test.each(["sluice", "load switches"])("%s: no client notices", async (services) => {
    clients.take();
    await killed(services);
    expect(summary(clients.take())).toMatchObject({ failed: 0, lost: 0 });
  });

  test.each(["nginx", "init", "blue"])("%s: it is served as before when it is back", killed);

  test("green, the candidate: all the traffic goes back to blue", async () => {
    await stack.good("docker compose kill green");
    await stack.until("it went back", (web) => served(web)?.blue === 100 && web.rollout?.phase === "reverted");
    // nginx gives up on a container that is gone after half a second, and tries two.
    expect(summary(await clients.during(1_500, 1_500))).toEqual({ versions: ["v1"], failed: 0, lost: 0 });
  });
});
