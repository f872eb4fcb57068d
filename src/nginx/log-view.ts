import type { Route } from "../core/route.ts";
import { type Bp, type PoolName, type ServiceName, WHOLE } from "../core/units.ts";
import { routedVariable, slotVariable, upstreamName, weightedUpstreamName } from "./names.ts";
import { logFile } from "./settings.ts";
import type { Site } from "./site.ts";
import { keyId, type Make, maker, saysRouting, type View } from "./view.ts";

/** nginx's hash of a map has buckets of 64 bytes: a longer key keeps it from starting, and is written as a pattern. */
const LONGEST_KEY = 46;

/**
 * The part of `sluice.http` that writes requests down; without a service that wants it, there is no file.
 *
 * Each map costs every logged request a little, so those that nobody needs are left out.
 */
export function logView(routes: readonly Route[], site: Site): View {
  const make = maker(null);
  const logged = routes.filter(({ shape }) => shape.log !== undefined);
  const parts = new Set(logged.map(sampleOf).filter((sample) => sample < WHOLE));
  return {
    logFile: logged.length === 0 ? null : make(logFile(site.tables), "nginx.tables"),
    samples: [...parts]
      .sort((a, b) => a - b)
      .map((sample) => ({ variable: variableOf(make, sample), sample: make(sample, "sample") })),
    sampled: parts.size > 0,
    tabled: logged.filter(saysRouting).map(({ service }) => ({ routed: routedOf(service) })),
    logged: logged.flatMap((route) => entriesOf(route)),
    tried: triesOf(logged, routes),
  };
}

/** An upstream each: `$proxy_host` is its name, and tells the pool, unless one upstream holds all pools. */
function entriesOf(route: Route): readonly View[] {
  const { service, shape } = route;
  if (shape.routing === "weighted") return [entry(route, weightedUpstreamName(service), null)];
  return Object.keys(route.endpoints)
    .sort()
    .map((pool) => entry(route, upstreamName(service, pool), pool));
}

/** The addresses that tell a service: those that no other has. */
function triesOf(logged: readonly Route[], routes: readonly Route[]): readonly View[] {
  const services = new Map<string, number>();
  for (const route of routes) for (const address of addressesOf(route)) services.set(address, (services.get(address) ?? 0) + 1);
  return logged.flatMap((route) => {
    const make = maker(route.service);
    const sample = sampleOf(route);
    return [...addressesOf(route)]
      .filter((address) => services.get(address) === 1 && address.length <= LONGEST_KEY)
      .sort()
      .map((address) => ({
        address: make(address, "member"),
        service: make(route.service, "name"),
        sample: make(sample, "sample"),
        part: sample < WHOLE ? variableOf(make, sample) : null,
      }));
  });
}

function addressesOf({ endpoints }: Route): ReadonlySet<string> {
  return new Set(Object.values(endpoints).flatMap((pool) => Object.keys(pool)));
}

function entry(route: Route, upstream: string, pool: PoolName | null): View {
  const { service, shape } = route;
  const overridden = shape.overrides.header !== null || shape.overrides.cookie !== null;
  const make = maker(service);
  const sample = sampleOf(route);
  return {
    upstream: make(upstream, "upstream"),
    long: upstream.length > LONGEST_KEY,
    service: make(service, "name"),
    pool: pool === null ? null : make(pool, "pool"),
    sample: make(sample, "sample"),
    part: sample < WHOLE ? variableOf(make, sample) : null,
    routed: pool !== null && saysRouting(route) ? routedOf(service) : null,
    slot: overridden ? make(slotVariable(service), "variable of the slot") : null,
    key: overridden ? null : make(keyId(shape.key), "key"),
  };
}

function routedOf(service: ServiceName) {
  return maker(service)(routedVariable(service), "variable of the routing");
}

function variableOf(make: Make, sample: Bp) {
  return make(`sluice_sample_${sample}`, "variable of the sample");
}

function sampleOf({ shape }: Route): Bp {
  return shape.log?.sample ?? WHOLE;
}
