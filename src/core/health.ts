import type { Probe } from "./ports.ts";
import type { MemberHealth } from "./rolling.ts";
import type { Readiness } from "./rollout.ts";
import type { EndpointState } from "./route.ts";
import type { HealthCheck } from "./service.ts";
import type { Endpoint, Member, Ms } from "./units.ts";

/** What the probes of one endpoint add up to. `streak` counts equal results in a row: above 0 passes, below 0 fails. */
export type EndpointHealth = {
  readonly is: "unknown" | "ready" | "down";
  readonly streak: number;
  readonly reason: string | null;
  /** Controller time at which the first of the equal results in a row was asked for. */
  readonly since: Ms;
};

export const UNKNOWN: EndpointHealth = { is: "unknown", streak: 0, reason: null, since: 0 };

/** The next health of an endpoint: it turns after `passes` or `fails` equal results in a row, never on a single odd one. */
export function observeProbe(
  before: EndpointHealth,
  probe: Probe,
  check: Pick<HealthCheck, "passes" | "fails">,
  at: Ms,
): EndpointHealth {
  const since = before.streak !== 0 && before.streak > 0 === probe.healthy ? before.since : at;
  if (probe.healthy) {
    const streak = Math.min(Math.max(0, before.streak) + 1, check.passes);
    return streak >= check.passes ? { is: "ready", streak, reason: null, since } : { ...before, streak, since };
  }
  const streak = Math.max(Math.min(0, before.streak) - 1, -check.fails);
  if (streak <= -check.fails) return { is: "down", streak, reason: probe.reason, since };
  return { ...before, streak, reason: probe.reason, since };
}

/** What is known of an endpoint by probes from `from` on; what was seen before says nothing. */
export function knownSince(health: EndpointHealth | undefined, from: Ms): EndpointHealth {
  return health === undefined || health.since < from ? UNKNOWN : health;
}

/** The addresses of a member, and why the last look-up gave none. The last known ones are kept. */
export type Address = { readonly endpoints: readonly Endpoint[]; readonly problem: string | null };

export type PoolSight = {
  readonly members: readonly Member[];
  /** Members that a person took out. */
  readonly drained: readonly Member[];
  readonly addresses: Readonly<Record<Member, Address>>;
  readonly health: Readonly<Record<Endpoint, EndpointHealth>>;
  /** Controller time from which on probes of a member count; all do where it is not named. */
  readonly fresh: Readonly<Record<Member, Ms>>;
};

/** What counts of an endpoint's health, as a member of a pool. */
function healthIn({ health, fresh }: PoolSight, member: Member, endpoint: Endpoint): EndpointHealth {
  return knownSince(health[endpoint], fresh[member] ?? 0);
}

/** How each member of a pool is that nobody took out: ready where all of its addresses are. */
export function memberHealths(sight: PoolSight): Readonly<Record<Member, MemberHealth>> {
  const members = sight.members.filter((member) => !sight.drained.includes(member));
  return Object.fromEntries(members.map((member) => [member, memberHealth(sight, member)]));
}

function memberHealth(sight: PoolSight, member: Member): MemberHealth {
  const address = sight.addresses[member] ?? { endpoints: [], problem: "not looked up yet" };
  const seen = address.endpoints.map((endpoint) => healthIn(sight, member, endpoint));
  const worst = seen.find(({ is }) => is !== "ready");
  const down = seen.every(({ is }) => is === "down");
  const failing = seen.length === 0 || seen.some(({ is }) => is === "down");
  if (seen.length === 0) return { ready: false, failing, down, since: 0, reason: address.problem ?? "has no address" };
  if (worst !== undefined)
    return { ready: false, failing, down, since: 0, reason: worst.reason ?? "has not been seen healthy yet" };
  return { ready: true, failing: false, down: false, since: Math.max(...seen.map(({ since }) => since)), reason: null };
}

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
      const health = healthIn(sight, member, endpoint);
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
  const known: Record<Endpoint, EndpointHealth["is"]> = {};
  const healthOf = (endpoint: Endpoint) => known[endpoint] ?? "unknown";
  const states: Record<Endpoint, EndpointState> = {};
  for (const member of sight.members) {
    const out = sight.drained.includes(member);
    for (const endpoint of sight.addresses[member]?.endpoints ?? []) {
      states[endpoint] = out ? "draining" : "down";
      known[endpoint] = healthIn(sight, member, endpoint).is;
    }
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
