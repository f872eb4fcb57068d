import type { Hook } from "../../src/core/hook.ts";
import type { RollingSettings } from "../../src/core/service.ts";
import type { Member } from "../../src/core/units.ts";
import type { Random } from "./random.ts";

const CHECK = { name: "errors", metric: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 50 } as const;
const HOOK: Hook = { name: "deploy", deadlineMs: 30_000, do: "command", command: ["deploy"], env: {} };

/** One of the many ways in which a pool of so many members can be updated in place. */
export function rollingOf(random: Random, members: number, spares: readonly Member[]): RollingSettings {
  const rollback = { hook: { ...HOOK, name: "rollback" }, batch: { count: random.between(1, 2) }, delayMs: 0 };
  return {
    pool: "blue",
    batch: { count: random.between(1, Math.max(1, Math.floor(members / 2))) },
    delayMs: random.pick([0, 2_000]),
    drainMs: random.pick([2_000, 10_000]),
    onDrainTimeout: random.pick(["proceed", "abort"] as const),
    deploy: HOOK,
    rollback: random.pick([rollback, rollback, null]),
    minHealthyMs: random.pick([0, 3_000]),
    deadlineMs: 15_000,
    slowStartMs: random.pick([0, 4_000]),
    monitorMs: random.pick([0, 4_000]),
    maxUnavailable: null,
    spares,
    maxFailures: { count: random.pick([0, 0, 1]) },
    onFailure: random.pick(["pause", "rollback", "continue"] as const),
    order: [],
    exclude: [],
    checks: random.chance(0.5) ? [] : [CHECK],
    hold: { atMostMs: 15_000, then: "wait" },
  };
}
