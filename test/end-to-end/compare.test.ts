import { expect, it } from "vitest";
import { steady } from "../support/client.ts";
import { Stack } from "./stack.ts";

/** Counted from nginx's own log, per attempt, and compared with stable. Real windows are 60 s long. */
const COMPARED = `      served: { source: nginx, measure: errors, window: 1s, interval: 250ms }
    canary:
      steps: [{ share: 30%, for: 2s }, { share: 60%, for: 2s }]
      checks: [{ metric: served, compare: stable }]
      bake: 0s`;
const OPTIONS = { service: COMPARED, retries: "error timeout http_500", logOff: false } as const;

/** Fails every n-th request. */
function every(n: number): () => number {
  let asked = 0;
  return () => (++asked % n === 0 ? 500 : 200);
}

it("a candidate that fails a part of its requests behind retries goes back", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start(OPTIONS);
  await stack.serve();
  for (const member of stack.green) member.setStatus(every(15));
  await using client = steady(stack.url, { connections: 8 });
  const ended = await stack.cli("start", "web", "--strategy", "canary", "--wait", "--timeout", "40s");
  expect(ended, ended.err).toMatchObject({ code: 3 });
  const { id, reason } = await stack.rollout();
  expect(reason).toMatch(
    /served: [\d ]+ of [\d ]+ requests failed on green, [\d ]+ of [\d ]+ on blue over the same \d+ s; evidence/,
  );
  expect((await stack.cli("explain", id)).out).toContain(`: ${reason}`);
  // Nobody who asked saw any of it.
  expect(client.failures).toEqual([]);
  expect(Object.keys(client.counts).sort()).toEqual(["blue", "green"]);
});

it("a candidate that goes down in the middle of a step goes back at once", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({
    ...OPTIONS,
    service: COMPARED.replace("window: 1s", "window: 20s").replaceAll("for: 2s", "for: 20s"),
  });
  await stack.serve();
  await using client = steady(stack.url, { connections: 8 });
  await stack.cli("start", "web", "--strategy", "canary", "--detach");
  await stack.reaches("observing", 0);
  await client.more(500);
  const since = performance.now();
  for (const member of stack.green) member.setStatus(500);
  const { reason } = await stack.reaches("reverted", null, 10_000);
  expect(performance.now() - since).toBeLessThan(2_000);
  expect(reason).toMatch(/served: .* an outage/);
  expect((await stack.service()).applied.shares).toEqual({ blue: 10_000 });
});

it("an incident that both pools suffer sends nothing back", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start(OPTIONS);
  await stack.serve();
  await using client = steady(stack.url, { connections: 8 });
  await stack.cli("start", "web", "--strategy", "canary", "--detach");
  await stack.reaches("observing", 0);
  for (const member of [...stack.blue, ...stack.green]) member.setStatus(every(4));
  await client.more(200);
  await stack.reaches("promoted", null, 40_000);
  expect(stack.green.every(({ count }) => count > 0)).toBe(true);
});
