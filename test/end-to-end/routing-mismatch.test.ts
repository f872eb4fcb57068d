import { expect, it } from "vitest";
import { steady } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { Stack } from "./stack.ts";

/** In the user's own file: workers remember for an hour which entries are there, and which are not. */
const CACHE = "open_file_cache max=20000 inactive=1h; open_file_cache_valid 1h; open_file_cache_errors on;";
const JUDGED = `      served: { source: nginx, measure: errors, window: 1s, interval: 250ms }
    canary:
      steps: [{ share: 50%, for: 2s }]
      checks: [{ metric: served, below: 50%, minRequests: 1 }]
      bake: 0s
    key: header:X-User`;

it("a rollout holds, and says why, where users are not where the table says", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({
    service: JUDGED,
    logOff: false,
    http: CACHE,
    // Each worker remembers for itself: a second one that has not met every user yet would look anew, and find what is right.
    workers: 1,
  });
  await stack.serve();
  let user = 0;
  await using client = steady(stack.url, { connections: 4, headers: () => ({ "x-user": String(user++ % 40) }) });
  await client.more(400);
  await stack.cli("start", "web", "--strategy", "canary", "--detach");
  await stack.reaches("observing", 0);
  const check = async () => (await stack.rollout()).checks[0];
  await until("the check is an error", async () => (await check())?.is === "error", 10_000);
  expect((await check())?.text).toMatch(/routing-mismatch: .* requests went elsewhere .*open_file_cache or disable_symlinks/);
  client.reset();
  const held = await stack.reaches("waiting", 0);
  expect(held.reason).toContain("routing-mismatch");
  expect(Object.keys(client.counts)).toEqual(["blue"]);
});
