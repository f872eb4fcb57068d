import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { count } from "../support/client.ts";
import { Stack } from "./stack.ts";

const SLOW = `    canary:
      steps: [{ share: 20%, for: 1m }, { share: 50%, until: approved }]
    blueGreen: { bake: 1m }`;

/** How a rollout gets into each phase that has something to take back. */
const PHASES: readonly (readonly [string, (stack: Stack) => Promise<unknown>])[] = [
  [
    "observing",
    async (stack) => {
      await stack.cli("start", "web", "--strategy", "canary", "--detach");
      await stack.reaches("observing", 0);
    },
  ],
  [
    "waiting for approval",
    async (stack) => {
      await stack.cli("start", "web", "--strategy", "canary", "--detach");
      await stack.reaches("observing", 0);
      await stack.cli("advance", "web");
      await stack.reaches("waiting", 1);
    },
  ],
  [
    "paused",
    async (stack) => {
      await stack.cli("start", "web", "--strategy", "canary", "--detach");
      await stack.reaches("observing", 0);
      await stack.cli("pause", "web");
      await stack.reaches("paused", 0);
    },
  ],
  [
    "baking",
    async (stack) => {
      await stack.cli("switch", "web", "green", "--detach");
      await stack.reaches("observing", 0);
      expect(await count(stack.url, 50)).toEqual({ green: 50 });
    },
  ],
  // The last, because it leaves green as it is.
  [
    "waiting for health",
    async (stack) => {
      for (const member of stack.green) member.setHealth(503);
      await stack.reachesNoneReady("green");
      await stack.cli("start", "web", "--strategy", "canary", "--detach");
      await stack.reaches("waiting", 0);
    },
  ],
];

describe.each(["live", "weighted"] as const)("an abort, %s", (routing) => {
  // One for all phases: each leaves all traffic on blue, as it found it.
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.start({ routing, service: SLOW });
    await stack.serve();
  }, 40_000);
  afterAll(() => stack[Symbol.asyncDispose]());

  it.each(PHASES)("takes all traffic back while %s", { timeout: 40_000 }, async (_name, get) => {
    await get(stack);
    const said = await stack.cli("abort", "web", "--wait", "--reason", "enough");
    expect(said, said.err).toMatchObject({ code: 0 });
    expect(await stack.reaches("reverted")).toMatchObject({ reason: "aborted by admin: enough" });
    expect(await count(stack.url, 100)).toEqual({ blue: 100 });
  });
});

describe("an abort", () => {
  it("beats a promote that is under way, over HTTP", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ routing: "live", service: SLOW });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("observing", 0);
    const [promoted, aborted] = await Promise.all([
      stack.api("POST", "/v1/services/web/rollout/promote", {}),
      stack.api("POST", "/v1/services/web/rollout/abort", {}),
    ]);
    expect([promoted.status, aborted.status]).toEqual([202, 202]);
    await stack.reaches("reverted");
    await stack.applied();
    expect(await count(stack.url, 100)).toEqual({ blue: 100 });
  });

  it("is refused where the rollout is promoted, with the way back", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ service: "    blueGreen: { bake: 0s }" });
    await stack.serve();
    expect((await stack.cli("switch", "web", "--wait", "--timeout", "20s")).code).toBe(0);
    const said = await stack.cli("abort", "web");
    expect(said.code).toBe(5);
    expect(said.err).toContain("sluice switch web blue");
  });
});
