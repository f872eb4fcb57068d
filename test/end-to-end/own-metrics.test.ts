import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, request } from "undici";
import { expect, it } from "vitest";
import { seriesValue } from "../support/instruments.ts";
import { until } from "../support/nginx.ts";
import { Stack } from "./stack.ts";

it("Sluice's own numbers follow a canary, and need a token", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({ service: "    canary: { steps: [{ share: 20%, until: approved }] }" });
  await stack.serve();
  const dispatcher = new Agent({ connect: { socketPath: stack.socket } });
  const token = readFileSync(join(stack.nginx.prefix, "state/token"), "utf8").trim();
  const ask = (headers: Record<string, string>) => request("http://localhost/metrics", { dispatcher, headers });
  const page = async () => (await ask({ authorization: `Bearer ${token}` })).body.text();
  const stranger = await ask({});
  await stranger.body.dump();
  expect(stranger.statusCode).toBe(401);

  const before = await page();
  expect(seriesValue(before, 'sluice_share_wanted_ratio{service="web",pool="green"}')).toBe(0);
  expect(seriesValue(before, 'sluice_events_total{kind="started"}')).toBe(0);
  expect(before).not.toContain("sluice_rollout_phase{");

  await stack.cli("start", "web", "--strategy", "canary", "--detach");
  await stack.reaches("waiting", 0);
  await until("the event is counted", async () => seriesValue(await page(), 'sluice_events_total{kind="started"}') === 1);
  const during = await page();
  const value = (series: string) => seriesValue(during, series);
  expect(value('sluice_share_wanted_ratio{service="web",pool="green"}')).toBe(0.2);
  expect(value('sluice_share_applied_ratio{service="web",pool="green"}')).toBe(0.2);
  expect(value('sluice_rollout_phase{service="web",phase="waiting"}')).toBe(1);
  expect(value('sluice_rollout_waits_for_person{service="web"}')).toBe(1);
  expect(value('sluice_pool_members_ready{service="web",pool="green"}')).toBe(2);
  expect(value('sluice_target_blocked{target="local"}')).toBe(0);
  expect(value('sluice_apply_seconds_count{target="local"}')).toBeGreaterThan(
    seriesValue(before, 'sluice_apply_seconds_count{target="local"}') ?? Number.NaN,
  );
  expect(value('sluice_probes_total{result="healthy"}')).toBeGreaterThan(0);
  expect(value("sluice_lease_epoch")).toBeGreaterThan(0);
  expect(value("sluice_store_bytes")).toBeGreaterThan(0);
  expect(value("process_resident_memory_bytes")).toBeGreaterThan(0);

  const reloads = 'sluice_reloads_total{target="local",result="proved"}';
  await stack.cli("promote", "web", "--wait", "--timeout", "20s");
  await stack.applied();
  const after = await page();
  expect(seriesValue(after, 'sluice_share_applied_ratio{service="web",pool="green"}')).toBe(1);
  expect(seriesValue(after, reloads)).toBeGreaterThan(value(reloads) ?? Number.NaN);
  expect(seriesValue(after, 'sluice_reload_seconds_count{target="local"}')).toBe(seriesValue(after, reloads));
  await dispatcher.destroy();
});
