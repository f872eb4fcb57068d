import { expect, it } from "vitest";
import { steady } from "../support/client.ts";
import { until } from "../support/nginx.ts";
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
  await using client = steady(stack.url, { connections: 8, pauseMs: 10 });
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

/** As sluice.yaml is without a word about times, and with times that are of no use to anybody who waits. */
const PACES = [
  { routing: "weighted", pace: "{ source: nginx, measure: errors }" },
  { routing: "live", pace: "{ source: nginx, measure: errors, window: 10m, interval: 2m }" },
] as const;

it.each(PACES)("a candidate that dies is left within two seconds, with $pace ($routing)", { timeout: 60_000 }, async (one) => {
  await using stack = await Stack.start({
    ...OPTIONS,
    routing: one.routing,
    service: COMPARED.replace(/served: .*/, `served: ${one.pace}`).replaceAll("for: 2s", "for: 15m"),
  });
  await stack.serve();
  await using client = steady(stack.url, { connections: 8, pauseMs: 10 });
  await stack.cli("start", "web", "--strategy", "canary", "--detach");
  await stack.reaches("observing", 0);
  await client.more(500);
  let failedAt: number | null = null;
  for (const member of stack.green) {
    member.setStatus(() => {
      failedAt ??= performance.now();
      return 500;
    });
  }
  const back = async () => {
    const { applied } = await stack.service();
    return failedAt !== null && applied.shares?.blue === 10_000;
  };
  await until("the route is back", back, 8_000);
  // About 1 s where nothing else runs; the limit leaves room for a machine that is busy with other tests.
  expect(performance.now() - (failedAt ?? Number.NaN)).toBeLessThan(3_000);
  expect((await stack.reaches("reverted")).reason).toMatch(/served: .* an outage/);
});

it("an incident that both pools suffer sends nothing back", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start(OPTIONS);
  await stack.serve();
  await using client = steady(stack.url, { connections: 8, pauseMs: 10 });
  await stack.cli("start", "web", "--strategy", "canary", "--detach");
  await stack.reaches("observing", 0);
  for (const member of [...stack.blue, ...stack.green]) member.setStatus(every(4));
  await client.more(200);
  await stack.reaches("promoted", null, 40_000);
  expect(stack.green.every(({ count }) => count > 0)).toBe(true);
});

it("a candidate that is slow only in its tail goes back", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({
    ...OPTIONS,
    service: COMPARED.replace("measure: errors", "measure: latency").replaceAll("for: 2s", "for: 8s"),
  });
  await stack.serve();
  // One in twenty takes a quarter of a second: the median is what it was.
  for (const member of stack.green) {
    let asked = 0;
    member.setDelay(() => (++asked % 20 === 0 ? 250 : 0));
  }
  await using client = steady(stack.url, { connections: 16, pauseMs: 10 });
  const ended = await stack.cli("start", "web", "--strategy", "canary", "--wait", "--timeout", "40s");
  expect(ended, ended.err).toMatchObject({ code: 3 });
  const { id, reason } = await stack.rollout();
  expect(reason).toMatch(
    /served: [\d ]+ of [\d ]+ requests took more than [\d .]+ ms on green, [\d ]+ of [\d ]+ more than [\d .]+ ms on blue; evidence/,
  );
  expect((await stack.cli("explain", id)).out).toContain(`: ${reason}`);
  expect(client.failures).toEqual([]);
});

it("a step whose traffic stops holds, also where only latencies are compared, and goes on with it", {
  timeout: 90_000,
}, async () => {
  await using stack = await Stack.start({
    ...OPTIONS,
    service: COMPARED.replace("measure: errors", "measure: latency").replaceAll("for: 2s", "for: 8s"),
  });
  await stack.serve();
  const said = async () => (await stack.cli("status", "web")).out;
  const client = steady(stack.url, { connections: 16, pauseMs: 10 });
  await stack.cli("start", "web", "--strategy", "canary", "--detach");
  await stack.reaches("observing", 0);
  await until("the candidate would pass", async () => /served .*pass/.test(await said()));
  await client.stop();
  await stack.reaches("waiting", 0, 30_000);
  expect(await said()).toContain("no latency on");
  await using _again = steady(stack.url, { connections: 16, pauseMs: 10 });
  await stack.reaches("promoted", null, 40_000);
});
