import { type EndpointHealth, knownSince, observeProbe, UNKNOWN } from "../core/health.ts";
import type { Probe } from "../core/ports.ts";
import type { HealthCheck } from "../core/service.ts";
import type { Endpoint, Member, Ms } from "../core/units.ts";
import { canonical } from "../core/want.ts";
import type { Found } from "./look-up.ts";
import type { Sight } from "./service-state.ts";

/** What a probe makes of a sight; `turned` where the endpoint's health is another one now. Null where nothing is new. */
export function seen(
  sight: Sight,
  endpoint: Endpoint,
  probe: Probe,
  check: HealthCheck,
  /** When it was asked, and from when on that counts. */
  { at, from }: { readonly at: Ms; readonly from: Ms },
): { sight: Sight; turned: EndpointHealth | null } | null {
  const before = sight.health[endpoint] ?? UNKNOWN;
  if (at < from) return null;
  const after = observeProbe(knownSince(before, from), probe, check, at);
  if (canonical(before) === canonical(after)) return null;
  // Seen anew, the same answer says something new; that it is not decided yet says nothing.
  const anew = before.since < from;
  const turned = anew ? after.is !== "unknown" : before.is !== after.is;
  return { sight: { ...sight, health: { ...sight.health, [endpoint]: after } }, turned: turned ? after : null };
}

/**
 * What the resolver makes of a sight: a name that no longer resolves keeps its last addresses, and addresses that no member
 * has any more are forgotten. Null where nothing is new.
 */
export function located(sight: Sight, member: Member, { endpoints, problem }: Found): Sight | null {
  const before = sight.addresses[member];
  const after = { endpoints: endpoints.length > 0 ? endpoints : (before?.endpoints ?? []), problem };
  if (before !== undefined && canonical(before) === canonical(after)) return null;
  const addresses = { ...sight.addresses, [member]: after };
  const known = new Set(Object.values(addresses).flatMap((address) => address.endpoints));
  const health = Object.fromEntries(Object.entries(sight.health).filter(([endpoint]) => known.has(endpoint)));
  return { addresses, health };
}

/**
 * What an earlier process saw says who is down; that somebody is well has to be seen anew. One healthy probe is enough
 * for that.
 */
export function asOfOld(sight: Sight, { passes }: HealthCheck): Sight {
  const anew = (health: EndpointHealth): EndpointHealth => (health.is === "ready" ? { ...UNKNOWN, streak: passes - 1 } : health);
  return {
    ...sight,
    health: Object.fromEntries(Object.entries(sight.health).map(([endpoint, health]) => [endpoint, anew(health)])),
  };
}
