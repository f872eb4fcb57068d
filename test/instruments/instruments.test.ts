import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Hook } from "../../src/core/hook.ts";
import type { Notice, Notifier } from "../../src/core/notify.ts";
import type { HookCall } from "../../src/core/ports.ts";
import type { HealthCheck } from "../../src/core/service.ts";
import type { Instruments } from "../../src/instruments/instruments.ts";
import { instrumentsAt, seriesValue } from "../support/instruments.ts";
import { until } from "../support/nginx.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { checkView, memberView, rolloutView, serviceView } from "../support/views.ts";

let instruments: Instruments;
beforeEach(() => {
  instruments = instrumentsAt();
});
afterEach(() => instruments[Symbol.dispose]());

const pageOf = async (control: ScriptedControl) => (await instruments.page(control)).text;

describe("what stands now", () => {
  test("is shown of each service: shares, members and the rollout", async () => {
    const page = await pageOf(
      new ScriptedControl(
        serviceView({
          wanted: { shares: { blue: 9_500, green: 500 } },
          observed: { shares: { blue: 9_400, green: 600 }, requests: 1_000, windowMs: 30_000, sample: 10_000 },
          rollout: rolloutView({ checks: [checkView({ name: "errors", is: "inconclusive" })] }),
          pools: {
            blue: { members: [memberView("a:1", { inFlight: 3 }), memberView("a:2", { inFlight: 4 })], from: "config" },
            green: {
              members: [memberView("b:1", { health: "down" }), memberView("b:2", { state: "draining" }), memberView("b:3")],
              from: "config",
            },
          },
        }),
      ),
    );
    const value = (series: string) => seriesValue(page, series);
    expect(value('sluice_share_wanted_ratio{service="web",pool="green"}')).toBe(0.05);
    expect(value('sluice_share_applied_ratio{service="web",pool="green"}')).toBe(0);
    expect(value('sluice_share_observed_ratio{service="web",pool="green"}')).toBe(0.06);
    expect(value('sluice_pool_members{service="web",pool="green"}')).toBe(3);
    expect(value('sluice_pool_members_ready{service="web",pool="green"}')).toBe(1);
    expect(value('sluice_pool_in_flight{service="web",pool="blue"}')).toBe(7);
    expect(value('sluice_pool_in_flight{service="web",pool="green"}')).toBeNull();
    expect(value('sluice_rollout_phase{service="web",phase="observing"}')).toBe(1);
    expect(value('sluice_check_verdict{service="web",check="errors",verdict="inconclusive"}')).toBe(1);
    expect(value("sluice_store_bytes")).toBe(4_096);
    expect(value("sluice_ready")).toBe(1);
  });

  test("replaces what stood before: no old phase and no old verdict is left", async () => {
    const control = new ScriptedControl(
      serviceView({ rollout: rolloutView({ checks: [checkView({ name: "errors", is: "pass" })] }) }),
    );
    await pageOf(control);
    control.put(serviceView({ rollout: rolloutView({ phase: "promoted", endedAt: "2026-03-01T11:00:00.000Z" }) }));
    const page = await pageOf(control);
    expect(page).not.toContain('phase="observing"');
    expect(page).not.toContain("sluice_check_verdict{");
    expect(seriesValue(page, 'sluice_rollout_phase{service="web",phase="promoted"}')).toBe(1);
    expect(page).not.toContain("sluice_rollout_waits_for_person{");
  });

  test("leaves out a service that goes while the page is made", async () => {
    const control = new ScriptedControl(serviceView({}));
    control.names = () => ["gone", "web"];
    const page = await pageOf(control);
    expect(seriesValue(page, 'sluice_pool_members{service="web",pool="blue"}')).toBe(2);
    expect(page).not.toContain("gone");
  });

  test("lets other things have their turn while many services are looked at", async () => {
    const services = Array.from({ length: 200 }, (_, index) => serviceView({ name: `service-${index}` }));
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const page = await pageOf(new ScriptedControl(...services));
    clearImmediate(next);
    expect(page.match(/^sluice_pool_members\{/gm)).toHaveLength(400);
    expect(turns).toBeGreaterThan(5);
  });

  test("escapes what a value of a label may hold", async () => {
    const rollout = rolloutView({ checks: [checkView({ name: 'p95 "all"\\\n', is: "pass" })] });
    const page = await pageOf(new ScriptedControl(serviceView({ rollout })));
    expect(page).toContain('check="p95 \\"all\\"\\\\\\n"');
  });

  test("has no observed share where no request came", async () => {
    const observed = { shares: {}, requests: 0, windowMs: 30_000, sample: 10_000 };
    expect(await pageOf(new ScriptedControl(serviceView({ observed })))).not.toContain("sluice_share_observed_ratio{");
  });

  test.each([
    ["an approval", rolloutView({ phase: "waiting", remainingMs: null }), 1],
    ["a pause", rolloutView({ phase: "paused", remainingMs: 5_000 }), 1],
    ["a hold that ends by itself", rolloutView({ phase: "waiting", remainingMs: 5_000 }), 0],
    ["a dwell", rolloutView({ phase: "observing", remainingMs: 5_000 }), 0],
  ])("says of %s whether a person is waited for", async (_what, rollout, waits) => {
    const page = await pageOf(new ScriptedControl(serviceView({ rollout })));
    expect(seriesValue(page, 'sluice_rollout_waits_for_person{service="web"}')).toBe(waits);
  });
});

describe("what is counted", () => {
  test("are events by their kind, from the moment that a controller drives", async () => {
    const control = new ScriptedControl(serviceView({}));
    control.happen({ kind: "promoted" });
    instruments.drives("7", control);
    await until("the journal is followed", async () => {
      control.happen({ kind: "reverted" });
      return (seriesValue(await pageOf(control), 'sluice_events_total{kind="reverted"}') ?? 0) > 0;
    });
    const page = await pageOf(control);
    expect(seriesValue(page, 'sluice_events_total{kind="promoted"}')).toBe(0);
    expect(seriesValue(page, "sluice_lease_epoch")).toBe(7);
  });

  test("are probes, hooks, messages and losses of log lines", async () => {
    const check = {} as HealthCheck;
    const probe = instruments.work.probing(async (_check, endpoint) =>
      endpoint === "a:1" ? { healthy: true } : { healthy: false, reason: "refused the connection" },
    );
    for (const endpoint of ["a:1", "a:2", "a:2"]) await probe(check, endpoint, endpoint);
    const slack = { name: "slack" } as Notifier;
    const { hooks, notify } = instruments.work.counted({
      hooks: { run: async ({ key }) => ({ ok: key === "good", text: "", output: "" }), endLeftOver: async () => {} },
      notify: { notify: async () => ({ ok: false, text: "no answer" }), notifiers: [slack] },
    });
    const { signal } = new AbortController();
    const call = (key: string) => ({ hook: {} as Hook, service: "web", key }) as HookCall;
    for (const key of ["good", "bad", "bad"]) await hooks.run(call(key), async () => {}, signal);
    await notify.notify(slack, {} as Notice, signal);
    instruments.work.reading("local");
    instruments.work.lost("local");
    const page = await pageOf(new ScriptedControl());
    const value = (series: string) => seriesValue(page, series);
    expect(value('sluice_probes_total{result="healthy"}')).toBe(1);
    expect(value('sluice_probes_total{result="failed"}')).toBe(2);
    expect(value('sluice_hook_runs_total{service="web",result="succeeded"}')).toBe(1);
    expect(value('sluice_hook_runs_total{service="web",result="failed"}')).toBe(2);
    expect(value('sluice_notifications_total{receiver="slack",result="given_up"}')).toBe(1);
    expect(value('sluice_notifications_total{receiver="slack",result="delivered"}')).toBe(0);
    expect(value('sluice_log_losses_total{target="local"}')).toBe(1);
  });

  test("is not a hook or a message that a stop cut off", async () => {
    const stop = new AbortController();
    const { hooks, notify } = instruments.work.counted({
      hooks: { run: async () => ({ ok: false, text: "stopped", output: "" }), endLeftOver: async () => {} },
      notify: { notify: async () => ({ ok: false, text: "stopped" }), notifiers: [] },
    });
    stop.abort();
    await hooks.run({ service: "web" } as HookCall, async () => {}, stop.signal);
    await notify.notify({ name: "slack" } as Notifier, {} as Notice, stop.signal);
    const page = await pageOf(new ScriptedControl());
    expect(page).not.toContain("sluice_hook_runs_total{");
    expect(page).not.toContain("sluice_notifications_total{");
  });

  test("says whether the newest reload of the configuration worked", async () => {
    const refused = instruments.counted(async () => Promise.reject(new Error("line 3 is wrong")));
    await expect(refused()).rejects.toThrow("line 3 is wrong");
    const series = "sluice_config_last_reload_successful";
    expect(seriesValue(await pageOf(new ScriptedControl()), series)).toBe(0);
    await instruments.counted(async () => "done")();
    expect(seriesValue(await pageOf(new ScriptedControl()), series)).toBe(1);
  });
});

const promtool = await execa("promtool", ["--version"], { reject: false });

test.skipIf(promtool.failed)("promtool finds nothing wrong with the page", async () => {
  const control = new ScriptedControl(serviceView({ rollout: rolloutView({ checks: [checkView()] }) }));
  const input = await pageOf(control);
  // What prom-client names of the process is its own.
  const own = input.slice(0, input.indexOf("# HELP process_"));
  const checked = await execa("promtool", ["check", "metrics"], { input: own, reject: false, all: true });
  expect(checked.all).toBe("");
  expect(checked.exitCode).toBe(0);
});
