import { describe, expect, it } from "vitest";
import { count } from "../support/client.ts";
import { Stack } from "./stack.ts";

const STEP = "    canary: { steps: [{ share: 50%, until: approved }] }";

describe.each(["live", "weighted"] as const)("two nginxes behind one controller, %s", (routing) => {
  it("both must prove a step before it counts, and one that is away holds nobody else up", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ routing, edges: 2, service: STEP });
    await stack.serve();
    const second = stack.second;
    if (second === null) throw new Error("there is no second nginx");
    await second.nginx.kill();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    const shareOf = async (url: string) => (await count(url, 200)).green ?? 0;
    const near = (share: number, wanted: number) => expect(Math.abs(share - wanted)).toBeLessThan(40);
    await expect.poll(() => shareOf(stack.url), { timeout: 10_000 }).toBeGreaterThan(50);
    const rollout = await stack.rollout();
    expect(rollout).toMatchObject({ phase: "applying", step: 0 });
    expect(rollout.reason).toContain("two");
    await second.nginx.start();
    await stack.reaches("waiting", 0, 20_000);
    near(await shareOf(second.url), 100);
    expect((await stack.cli("abort", "web", "--wait", "--timeout", "20s")).code).toBe(0);
    expect([await shareOf(stack.url), await shareOf(second.url)]).toEqual([0, 0]);
  });
});
