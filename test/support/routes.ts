import type { EndpointState, Route } from "../../src/core/route.ts";
import type { Endpoint, PoolName } from "../../src/core/units.ts";

/** Endpoints of a pool: a list of ready ones, or each with its state. */
export type Members = readonly Endpoint[] | Readonly<Record<Endpoint, EndpointState>>;

/** A route for tests of the nginx side: `live` on a random key, all traffic on blue, no overrides, unless `more` says otherwise. */
export function routeOf(
  pools: Readonly<Record<PoolName, Members>>,
  more: Omit<Partial<Route>, "shape" | "endpoints"> & { readonly shape?: Partial<Route["shape"]> } = {},
): Route {
  const names = Object.keys(pools);
  const base = more.base ?? names[0] ?? "blue";
  return {
    service: "web",
    version: 1,
    epoch: "1",
    by: null,
    shares: { [base]: 10_000 },
    base,
    other: names.find((name) => name !== base) ?? null,
    seed: "seed",
    out: [],
    ease: {},
    preview: false,
    eased: {},
    urgent: false,
    ...more,
    endpoints: Object.fromEntries(Object.entries(pools).map(([name, members]) => [name, states(members)])),
    shape: {
      routing: "live",
      key: { by: "random" },
      overrides: { header: null, cookie: null },
      tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 0 },
      ...more.shape,
    },
  };
}

function states(members: Members): Readonly<Record<Endpoint, EndpointState>> {
  if (!Array.isArray(members)) return members as Readonly<Record<Endpoint, EndpointState>>;
  return Object.fromEntries(members.map((endpoint: Endpoint) => [endpoint, "ready"]));
}
