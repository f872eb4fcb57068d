import { NO_HOOKS } from "../../src/core/hook.ts";
import type { CanarySettings, ServiceSettings } from "../../src/core/service.ts";
import type { Endpoint, PoolName, ServiceName, TargetName } from "../../src/core/units.ts";
import type { Random } from "./random.ts";

/** Members of a pool of the service with this number; the third is a spare that is not configured. */
export function membersOf(number: number, pool: PoolName, count = 2): readonly Endpoint[] {
  const network = pool === "blue" ? 0 : 1;
  return Array.from({ length: count }, (_, index) => `10.${number}.${network}.${index + 1}:80`);
}

/** A service whose canary and blue/green last about a minute, in one of a few variants. */
export function settingsOf(
  random: Random,
  name: ServiceName = "web",
  number = 0,
  targets: readonly TargetName[] = ["local"],
): ServiceSettings {
  const hold = { atMostMs: 15_000, then: random.pick(["wait", "abort", "advance"] as const) };
  const check = { name: "errors", metric: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 50 } as const;
  const compare = { kind: "compare", margin: 0.1, alpha: 0.01, beta: 0.05, harmful: { ratio: 2, delta: 0.05 } } as const;
  const level = random.pick(["critical", "advisory"] as const);
  const like = { name: "like", metric: "errors", rule: { ...compare, level }, minRequests: 100 } as const;
  const steps: CanarySettings["steps"] = [
    { kind: "share", share: 500, forMs: 10_000, needs: null, hold: null },
    random.chance(0.5)
      ? { kind: "approval", share: 2_500, needs: null, hold: null, within: null }
      : { kind: "share", share: 2_500, forMs: 8_000, needs: null, hold: null },
    { kind: "ramp", to: random.pick([6_000, 10_000]), overMs: 10_000, needs: null, hold: null },
  ];
  return {
    name,
    routing: random.pick(["live", "weighted"] as const),
    key: { by: "random" },
    overrides: { header: null, cookie: null },
    tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 0 },
    pools: { blue: { members: membersOf(number, "blue") }, green: { members: membersOf(number, "green") } },
    stable: "blue",
    targets,
    health: {
      path: "/healthz",
      port: null,
      intervalMs: 2_000,
      timeoutMs: 1_000,
      passes: 1,
      fails: 2,
      status: { from: 200, to: 399 },
      body: null,
      host: null,
      deadlineMs: 20_000,
    },
    metrics: {
      errors: {
        name: "errors",
        source: "scrape",
        path: "/metrics",
        port: null,
        intervalMs: 2_000,
        timeoutMs: 1_000,
        windowMs: 6_000,
        measure: { kind: "ratio", of: "errors", to: "requests" },
      },
    },
    canary: { steps, checks: random.pick([[check], [check, like]]), hold, bakeMs: random.pick([0, 8_000]) },
    rolling: null,
    hooks: NO_HOOKS,
    freezes: [],
    blueGreen: { preview: null, checks: [check], hold, bakeMs: 8_000 },
  };
}

/** The same service after somebody changed its configuration. */
export function changed(
  settings: ServiceSettings,
  number: number,
  random: Random,
  targets: readonly TargetName[],
): ServiceSettings {
  const preview = { header: "X-Preview", forMs: random.pick([null, 5_000]) };
  switch (random.between(0, 4)) {
    case 0: {
      const pool = random.pick(["blue", "green"]);
      return { ...settings, pools: { ...settings.pools, [pool]: { members: membersOf(number, pool, random.between(2, 3)) } } };
    }
    case 1:
      return { ...settings, routing: settings.routing === "live" ? "weighted" : "live" };
    case 2:
      return { ...settings, targets: random.pick([targets, targets.slice(0, 1), targets.slice(1)]) };
    case 3:
      return { ...settings, blueGreen: { ...settings.blueGreen, preview: random.pick([null, preview]) } };
    default:
      return { ...settings, canary: settingsOf(random).canary, health: { ...settings.health, fails: random.between(1, 2) } };
  }
}
