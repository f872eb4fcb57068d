import type { Probe } from "./ports.ts";
import type { Readiness } from "./rollout.ts";
import type { EndpointState } from "./route.ts";
import type { HealthCheck } from "./service.ts";
import type { Endpoint, Member } from "./units.ts";

/** What the probes of one endpoint add up to. `streak` counts equal results in a row: above 0 passes, below 0 fails. */
export type EndpointHealth = {
  readonly is: "unknown" | "ready" | "down";
  readonly streak: number;
  readonly reason: string | null;
};

export const UNKNOWN: EndpointHealth = { is: "unknown", streak: 0, reason: null };

/** The next health of an endpoint: it turns after `passes` or `fails` equal results in a row, never on a single odd one. */
export function observeProbe(before: EndpointHealth, probe: Probe, check: Pick<HealthCheck, "passes" | "fails">): EndpointHealth {
  if (probe.healthy) {
    const streak = Math.min(Math.max(0, before.streak) + 1, check.passes);
    return streak >= check.passes ? { is: "ready", streak, reason: null } : { ...before, streak };
  }
  const streak = Math.max(Math.min(0, before.streak) - 1, -check.fails);
  return streak <= -check.fails ? { is: "down", streak, reason: probe.reason } : { ...before, streak, reason: probe.reason };
}

/** The addresses of a member, and why the last look-up gave none. The last known ones are kept. */
export type Address = { readonly endpoints: readonly Endpoint[]; readonly problem: string | null };

export type PoolSight = {
  readonly members: readonly Member[];
  /** Members that a person took out. */
  readonly drained: readonly Member[];
  readonly addresses: Readonly<Record<Member, Address>>;
  readonly health: Readonly<Record<Endpoint, EndpointHealth>>;
};

/** How many endpoints of a pool can take traffic. A member that has no address counts as one that cannot. */
export function readinessOf(sight: PoolSight): Readiness {
  let ready = 0;
  let of = 0;
  let unknown = 0;
  let reason: string | null = null;
  for (const member of sight.members.filter((one) => !sight.drained.includes(one))) {
    const address = sight.addresses[member] ?? { endpoints: [], problem: "not looked up yet" };
    if (address.endpoints.length === 0) {
      of += 1;
      reason ??= `${member} ${address.problem ?? "has no address"}`;
    }
    for (const endpoint of address.endpoints) {
      const health = sight.health[endpoint] ?? UNKNOWN;
      of += 1;
      if (health.is === "unknown") unknown += 1;
      if (health.is === "ready") ready += 1;
      else reason ??= `${endpoint} ${health.reason ?? "has not been seen healthy yet"}`;
    }
  }
  return { ready, of, unknown, reason };
}

/**
 * What nginx is told of each endpoint of a pool.
 *
 * An endpoint that nobody has seen yet waits for its first healthy probe where the pool has others that are ready; one that
 * nginx had stays in. Health never takes the last endpoint out, because nginx would answer 502 to all: those that nginx had
 * last are kept.
 */
export function endpointStates(
  sight: PoolSight,
  last: Readonly<Record<Endpoint, EndpointState>>,
): Readonly<Record<Endpoint, EndpointState>> {
  const healthOf = (endpoint: Endpoint) => (sight.health[endpoint] ?? UNKNOWN).is;
  const states: Record<Endpoint, EndpointState> = {};
  for (const member of sight.members) {
    const out = sight.drained.includes(member);
    for (const endpoint of sight.addresses[member]?.endpoints ?? []) states[endpoint] = out ? "draining" : "down";
  }
  const inside = Object.keys(states).filter((endpoint) => states[endpoint] === "down");
  const ready = inside.filter(
    (endpoint) => healthOf(endpoint) === "ready" || (healthOf(endpoint) === "unknown" && last[endpoint] === "ready"),
  );
  const unseen = inside.filter((endpoint) => healthOf(endpoint) === "unknown");
  const had = inside.filter((endpoint) => last[endpoint] === "ready");
  const chosen = [ready, unseen, had, inside].find((endpoints) => endpoints.length > 0) ?? [];
  for (const endpoint of chosen) states[endpoint] = "ready";
  return states;
}
