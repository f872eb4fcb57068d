import type { DecidedCheck } from "../../src/core/decided.ts";
import { decisionSentence, type ExplanationView, type WindowView } from "../../src/core/explained.ts";
import type {
  CheckView,
  EventView,
  MemberView,
  RevisionView,
  RollingView,
  RolloutView,
  ServiceView,
} from "../../src/core/view.ts";

/** Views for tests of what shows them; everything is quiet unless `more` says otherwise. */

export function memberView(address: string, more: Partial<MemberView> = {}): MemberView {
  const health = more.health ?? "ready";
  const reason = more.reason ?? null;
  return { address, state: "ready", health, reason, inFlight: null, endpoints: [{ address, health, reason }], ...more };
}

/** `web`: two pools of two members each, all ready, everything on blue, proved. */
export function serviceView(more: Partial<ServiceView> = {}): ServiceView {
  return {
    name: "web",
    routing: "live",
    stable: "blue",
    candidate: null,
    wanted: { shares: { blue: 10_000 } },
    applied: {
      shares: { blue: 10_000 },
      generation: "3-abcd",
      at: "2026-03-01T10:00:00.000Z",
      targets: [{ name: "local", generation: "3-abcd", state: "applied", reason: null, lingering: 0 }],
    },
    observed: null,
    pools: {
      blue: { members: [memberView("127.0.0.1:8001"), memberView("127.0.0.1:8002")], from: "config" },
      green: { members: [memberView("127.0.0.1:8003"), memberView("127.0.0.1:8004")], from: "config" },
    },
    rollout: null,
    etag: "none",
    ...more,
  };
}

/** `web-1`: a canary from blue to green, observing the first of its three steps. */
export function rolloutView(more: Partial<RolloutView> = {}): RolloutView {
  return {
    id: "web-1",
    service: "web",
    strategy: "canary",
    version: "v42",
    from: "blue",
    to: "green",
    phase: "observing",
    step: 0,
    steps: [
      { label: "5 % to green", shares: { blue: 9_500, green: 500 }, state: "now", until: "time" },
      { label: "50 % to green", shares: { blue: 5_000, green: 5_000 }, state: "next", until: "time" },
      { label: "100 % to green", shares: { green: 10_000 }, state: "next", until: "time" },
    ],
    since: "2026-03-01T10:00:00.000Z",
    remainingMs: 42_000,
    reason: "watching 5 % to green for its time",
    hold: null,
    checks: [],
    rolling: null,
    undoes: null,
    startedBy: "admin",
    startedAt: "2026-03-01T10:00:00.000Z",
    endedAt: null,
    ...more,
  };
}

/** The same rollout after it ended. */
export function ended(phase: "promoted" | "reverted", reason: string, more: Partial<RolloutView> = {}): RolloutView {
  return rolloutView({ phase, reason, remainingMs: null, endedAt: "2026-03-01T10:05:00.000Z", ...more });
}

/** Three members in as many batches: the first is updated to v42, the second is being deployed. */
export function rollingView(more: Partial<RollingView> = {}): RollingView {
  const member = { spare: false, updated: false, runs: "before", version: null, reason: null } as const;
  return {
    pool: "blue",
    batch: 2,
    batches: 3,
    minReady: 2,
    goingBack: false,
    failing: null,
    members: [
      { ...member, address: "127.0.0.1:8001", batch: 1, state: "updated", updated: true, runs: "new", version: "v42" },
      { ...member, address: "127.0.0.1:8002", batch: 2, state: "deploying", runs: "unknown" },
      { ...member, address: "127.0.0.1:8003", batch: 3, state: "pending" },
    ],
    ...more,
  };
}

/** A revision that became stable on green; number 0 is what was there before. */
export function revisionView(number: number, more: Partial<RevisionView> = {}): RevisionView {
  const { number: _, ...first } = INITIAL;
  if (number === 0) return { number, ...first, ...more };
  return {
    ...first,
    number,
    rollout: `web-${number}`,
    strategy: "blue-green",
    version: `v${number}`,
    from: "blue",
    to: "green",
    stable: "green",
    members: ["127.0.0.1:8003", "127.0.0.1:8004"],
    result: "promoted",
    cause: "every step passed",
    startedBy: "admin",
    startedAt: "2026-03-01T10:00:00.000Z",
    endedAt: "2026-03-01T10:05:00.000Z",
    durationMs: 300_000,
    ...more,
  };
}

const INITIAL: RevisionView = {
  number: 0,
  rollout: null,
  strategy: null,
  version: null,
  from: null,
  to: "blue",
  stable: "blue",
  members: ["127.0.0.1:8001", "127.0.0.1:8002"],
  undoes: null,
  reason: null,
  result: "initial",
  cause: "stable before the first rollout",
  left: [],
  startedBy: null,
  startedAt: null,
  endedAt: null,
  durationMs: null,
};

export function checkView(more: Partial<CheckView> = {}): CheckView {
  const measured = {
    value: 0.0013,
    limit: "< 1 %",
    samples: 6060,
    windowMs: 30_000,
    needed: null,
    towards: { fail: 0.13, pass: 1 },
  };
  return { name: "errors", is: "pass", ...measured, text: "0.13 % of 6060", ...more };
}

/** An explanation of a rollout with one check, a comparison that had two windows. */
export function explanationView(rollout: RolloutView, more: Partial<ExplanationView> = {}): ExplanationView {
  const check = comparedView();
  const decision = { seq: 7, at: "2026-03-01T10:02:00.000Z", step: rollout.step, decision: "revert", actor: null } as const;
  return {
    rollout,
    text: decisionSentence(rollout),
    decisions: [{ ...decision, text: rollout.reason, checks: [check] }],
    checks: [{ ...check, recorded: [windowView(), windowView({ at: "2026-03-01T10:02:00.000Z", logHarm: 8 })], dropped: 0 }],
    hooks: [],
    ...more,
  };
}

/** A comparison that failed, with the numbers behind it. */
export function comparedView(more: Partial<DecidedCheck> = {}): DecidedCheck {
  return {
    name: "errors",
    metric: "served",
    rule: { kind: "compare", margin: 0.1, alpha: 0.01 },
    is: "fail",
    value: 0.034,
    limit: "blue + 10 %",
    samples: 1_203,
    windowMs: 90_000,
    text: "41 of 1 203 requests failed on green",
    basis: {
      from: "2026-03-01T10:00:30.000Z",
      to: "2026-03-01T10:02:00.000Z",
      windows: 2,
      canary: { n: 1_203, x: 41 },
      stable: { n: 3_650, x: 9 },
      sample: null,
      slowMs: null,
      logHarm: Math.log(3_100),
      logHarmNeeded: Math.log(100),
      logHealthy: Math.log(0.2),
      logHealthyNeeded: Math.log(20),
      needed: null,
    },
    ...more,
  };
}

export function windowView(more: Partial<WindowView> = {}): WindowView {
  return {
    entry: 2,
    at: "2026-03-01T10:01:00.000Z",
    ms: 60_000,
    canary: { n: 600, x: 20 },
    stable: { n: 1_800, x: 4 },
    slowMs: null,
    logHarm: 3,
    logHealthy: 0.5,
    part: false,
    ...more,
  };
}

export function eventView(seq: number, more: Partial<EventView> = {}): EventView {
  return {
    seq,
    at: "2026-03-01T10:00:00.000Z",
    service: "web",
    rollout: "web-1",
    step: 0,
    kind: "observing",
    actor: null,
    text: "nginx serves 5 % to green",
    data: {},
    ...more,
  };
}
