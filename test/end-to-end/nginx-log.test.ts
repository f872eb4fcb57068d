import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { steady } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { Stack } from "./stack.ts";

/** No member has a metrics page that anybody reads: nginx's own log is all the evidence. */
const JUDGED = `    canary:
      steps: [{ share: 30%, for: 2s }, { share: 60%, for: 2s }]
      checks: [{ metric: served, below: 3%, minRequests: 20 }, { metric: slow, below: 0.5, minRequests: 20 }]
      bake: 0s`;
const METRICS = `      served: { source: nginx, measure: errors, window: 1s, interval: 250ms }
      slow: { source: nginx, measure: latency, window: 1s, interval: 250ms }
`;

it.each(["live", "weighted"] as const)(
  "a candidate that fails 5 % behind retries goes back, by nginx's log alone (%s)",
  { timeout: 60_000 },
  async (routing) => {
    await using stack = await Stack.start({
      routing,
      service: METRICS + JUDGED,
      retries: "error timeout http_500",
      logOff: false,
    });
    await stack.serve();
    for (const member of [...stack.blue, ...stack.green]) member.setMetrics("nothing that anybody could read");
    await using client = steady(stack.url, { connections: 8, pauseMs: 10 });
    const waiting = stack.cli("start", "web", "--strategy", "canary", "--wait", "--timeout", "40s");
    await stack.reaches("observing", 1);
    let asked = 0;
    for (const member of stack.green) member.setStatus(() => (++asked % 20 === 0 ? 500 : 200));
    const ended = await waiting;
    expect(ended, ended.err).toMatchObject({ code: 3 });
    expect((await stack.rollout()).reason).toMatch(/served: [\d.]+ ?% of \d+ requests/);
    expect(client.failures).toEqual([]);
    expect(Object.keys(client.counts).sort()).toEqual(["blue", "green"]);
  },
);

it("a healthy candidate goes to the end over a kill of Sluice, and what was served is shown", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({ service: METRICS + JUDGED, logOff: false });
  await stack.serve();
  await using client = steady(stack.url, { connections: 4 });
  await stack.cli("start", "web", "--strategy", "canary", "--detach");
  await stack.reaches("observing", 0);
  await stack.killController();
  await stack.serve();
  await stack.reaches("promoted", null, 30_000);
  await client.more(200);
  const seen = async () => (await stack.service()).observed;
  await until("requests are shown by pool", async () => ((await seen())?.requests ?? 0) > 200);
  expect(Object.values((await seen())?.shares ?? {}).reduce((a, b) => a + b, 0)).toBe(10_000);
  const folder = join(stack.nginx.prefix, "tables/log");
  expect(readdirSync(folder)).toEqual(["requests.log"]);
  expect(statSync(folder).mode & 0o777).toBe(0o755);
});
