import type { CanarySettings, ServiceSettings } from "../../src/core/service.ts";
import type { Random } from "./random.ts";

export const BLUE = ["10.0.0.1:80", "10.0.0.2:80"] as const;
export const GREEN = ["10.0.1.1:80", "10.0.1.2:80"] as const;

/** A service whose canary and blue/green last about a minute, in one of a few variants. */
export function settingsOf(random: Random): ServiceSettings {
  const hold = { atMostMs: 15_000, then: random.pick(["wait", "abort", "advance"] as const) };
  const check = { name: "errors", metric: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 50 } as const;
  const compare = { kind: "compare", margin: 0.1, alpha: 0.01, beta: 0.05, harmful: { ratio: 2, delta: 0.05 } } as const;
  const level = random.pick(["critical", "advisory"] as const);
  const like = { name: "like", metric: "errors", rule: { ...compare, level }, minRequests: 100 } as const;
  const steps: CanarySettings["steps"] = [
    { kind: "share", share: 500, forMs: 10_000, needs: null, hold: null },
    random.pick([
      { kind: "approval", share: 2_500, needs: null, hold: null },
      { kind: "share", share: 2_500, forMs: 8_000, needs: null, hold: null },
      { kind: "evidence", share: 2_500, forMs: 2_000, needs: null, hold: null },
    ] as const),
    { kind: "ramp", to: random.pick([6_000, 10_000]), overMs: 10_000, needs: null, hold: null },
  ];
  return {
    name: "web",
    routing: random.pick(["live", "weighted"] as const),
    key: { by: "random" },
    overrides: { header: null, cookie: null },
    tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 0 },
    pools: { blue: { members: [...BLUE] }, green: { members: [...GREEN] } },
    stable: "blue",
    targets: ["local"],
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
    canary: { steps, checks: [check, like], hold, bakeMs: random.pick([0, 8_000]) },
    blueGreen: { preview: null, checks: [check], hold, bakeMs: 8_000 },
  };
}
