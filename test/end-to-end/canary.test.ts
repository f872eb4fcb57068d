import { describe, expect, it } from "vitest";
import { count, steady } from "../support/client.ts";
import { answerWith } from "./pools.ts";
import { Stack } from "./stack.ts";

describe.each(["live", "weighted"] as const)("a canary, %s", (routing) => {
  it("goes to the end by itself, and no client loses a request", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ routing });
    await stack.serve();
    await using client = steady(stack.url);
    const done = await stack.cli(
      "start",
      "web",
      "--strategy",
      "canary",
      "--to",
      "green",
      "--version",
      "v2",
      "--wait",
      "--timeout",
      "40s",
    );
    expect(done, done.err).toMatchObject({ code: 0 });
    const service = await stack.applied();
    expect(service).toMatchObject({
      stable: "green",
      wanted: { shares: { green: 10_000 } },
      rollout: { phase: "promoted", version: "v2" },
    });
    client.reset();
    await client.more(300);
    expect(Object.keys(client.counts)).toEqual(["green"]);
    expect(client.failures).toEqual([]);
  });

  it("holds the share of each step as clients see it", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({
      routing,
      members: { blue: 1, green: 3 },
      service: "    canary: { steps: [{ share: 20%, until: approved }] }",
    });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    const counts = await count(stack.url, 1_000);
    expect((counts.green ?? 0) + (counts.blue ?? 0)).toBe(1_000);
    if (routing === "weighted") expect(counts.green).toBe(200);
    else expect(Math.abs((counts.green ?? 0) - 200)).toBeLessThan(60);
  });

  it("that turns bad at one of its steps goes back, says why, and ends with 3", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ routing });
    await stack.serve();
    await using client = steady(stack.url);
    const waiting = stack.cli("start", "web", "--strategy", "canary", "--wait", "--timeout", "40s");
    await stack.reaches("observing", 1);
    for (const member of stack.green) answerWith(member, 0.5);
    const ended = await waiting;
    expect(ended, ended.err).toMatchObject({ code: 3 });
    const rollout = await stack.reaches("reverted");
    expect(rollout.reason).toMatch(/errors: .*% of \d+ requests/);
    client.reset();
    await client.more(200);
    expect(Object.keys(client.counts)).toEqual(["blue"]);
  });
});

describe("a canary whose members die", () => {
  it("goes back at once where none is left", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ service: "    canary: { steps: [{ share: 50%, for: 1m }] }" });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("observing", 0);
    await Promise.all(stack.green.map((member) => member.die()));
    const rollout = await stack.reaches("reverted", null, 5_000);
    expect(rollout.reason).toMatch(/no member of green is ready: .* refused the connection/);
    expect(await count(stack.url, 50)).toEqual({ blue: 50 });
  });

  it("never starts where the candidate is not healthy in time", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start();
    await stack.serve();
    for (const member of stack.green) member.setHealth(503);
    await stack.reachesNoneReady("green");
    const done = await stack.cli("switch", "web", "green", "--wait", "--timeout", "30s");
    expect(done, done.err).toMatchObject({ code: 3 });
    expect((await stack.rollout()).reason).toMatch(/0 of 2 members of green are ready: .* answered 503/);
    expect(stack.green.map((member) => member.count)).toEqual([0, 0]);
  });
});
