import type { CheckView, EventView, MemberView, RolloutView, ServiceView } from "../../src/core/view.ts";

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

export function checkView(more: Partial<CheckView> = {}): CheckView {
  return { name: "errors", is: "pass", value: 0.0013, limit: "< 1 %", samples: 6060, text: "0.13 % of 6060", ...more };
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
