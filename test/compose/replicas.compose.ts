import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allReady, startCanary } from "./held-canary.ts";
import { Stack } from "./stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.up(
    "services: { init: { environment: { ROUTING: weighted } }, nginx: { environment: { ROUTING: weighted } }, sluice: { environment: { ROUTING: weighted } } }",
  );
  await allReady(stack);
  // No other clients: nginx deals its requests out in turn, and these are to be counted exactly.
  await stack.good("docker compose stop load");
  await startCanary(stack);
});

afterAll(() => stack?.[Symbol.asyncDispose]());

/** How many of the requests each container answered, by version. */
async function dealt(requests: number): Promise<Readonly<Record<string, readonly number[]>>> {
  const seen = new Map<string, number>();
  for (let at = 0; at < requests; at += 1) {
    const { headers, body } = await request(stack.url);
    const key = `${headers["x-version"]} ${(await body.text()).split(" ").at(-1)}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const of = (version: string) => [...seen].filter(([key]) => key.startsWith(version)).map(([, count]) => count);
  return { v1: of("v1"), v2: of("v2") };
}

async function scaleGreen(to: number): Promise<void> {
  await stack.good(`docker compose up --detach --no-deps --scale green=${to} green`);
  await stack.until(`green has ${to} endpoints, all ready`, ({ pools, applied }) => {
    const endpoints = pools.green?.members.flatMap((member) => member.endpoints) ?? [];
    return applied.shares !== null && endpoints.length === to && endpoints.every(({ health }) => health === "ready");
  });
  // A name that has more addresses than before is one reload away from its share.
  await stack.until("nginx took them", ({ applied }) => applied.targets.every(({ state }) => state === "applied"));
}

describe("a name that stands for several containers", () => {
  test.each([3, 5, 2])("has its share whatever their number, and each of the %i its part of it", async (replicas) => {
    await scaleGreen(replicas);
    const { v1 = [], v2 = [] } = await dealt(480);
    expect([v1.length, v2.length]).toEqual([3, replicas]);
    const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
    expect(Math.abs(sum(v2) - 120)).toBeLessThanOrEqual(2);
    for (const count of v1) expect(Math.abs(count - 120)).toBeLessThanOrEqual(2);
    for (const count of v2) expect(Math.abs(count - 120 / replicas)).toBeLessThanOrEqual(2);
  });
});
