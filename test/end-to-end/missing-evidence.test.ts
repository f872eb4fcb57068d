import { expect, it } from "vitest";
import { steady } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { answerWith } from "./pools.ts";
import { Stack } from "./stack.ts";

/** One source that can go away (`errors`: the members' own pages), and one that only traffic feeds. */
const JUDGED = `      served: { source: nginx, measure: errors, window: 1s, interval: 250ms }
    canary:
      steps: [{ share: 50%, for: 1s }]
      checks: [{ metric: errors, below: 5%, minRequests: 5 }, { metric: served, compare: stable }]
      bake: 0s`;

it("a rollout holds while a source is away and while nobody comes, and goes on after either", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({ service: JUDGED, logOff: false });
  await stack.serve();
  const check = async (name: string) => (await stack.rollout()).checks.find((one) => one.name === name);
  for (const member of stack.green) member.setMetrics("<html>502 Bad Gateway</html>");
  {
    await using _client = steady(stack.url, { connections: 8 });
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    await until("the comparison passes", async () => (await check("served"))?.is === "pass", 20_000);
    const held = await stack.rollout();
    expect(held).toMatchObject({ phase: "waiting", step: 0 });
    expect(held.reason).toContain("errors");
    expect((await check("errors"))?.is).toBe("error");
  }
  // Nobody comes any more: the page is back, and says nothing of this step.
  for (const member of stack.green) answerWith(member, 0);
  await until("the page is read again", async () => (await check("errors"))?.is === "inconclusive");
  expect(await stack.rollout()).toMatchObject({ phase: "waiting", step: 0 });
  await using _client = steady(stack.url, { connections: 8 });
  await stack.reaches("promoted", null, 20_000);
});
