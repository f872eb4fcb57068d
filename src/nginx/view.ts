import type { Route } from "../core/route.ts";
import type { Key } from "../core/service.ts";
import { never, type PoolName, type ServiceName } from "../core/units.ts";
import {
  cookieVariable,
  poolVariable,
  routedVariable,
  slotVariable,
  tableName,
  upstreamName,
  weightedUpstreamName,
} from "./names.ts";
import { RenderError } from "./render-error.ts";
import type { Site } from "./site.ts";
import { Value } from "./value.ts";
import { poolServers, type Server, serviceServers } from "./weights.ts";

/**
 * What the templates see. Every leaf is a `Value`, a boolean, or null where there is none; names of the fields are what a
 * template of the user's may use, and are documented with the templates.
 */
export type View = { readonly [field: string]: Value | boolean | null | View | readonly View[] };

/** One value, with the words that an error names it by. */
export type Make = (raw: unknown, place: string) => Value;

/** Why a route cannot be rendered at all, before any value is looked at. */
export function checkRoute(route: Route): void {
  const pools = Object.keys(route.endpoints);
  const known = (pool: PoolName, place: string) => {
    if (!pools.includes(pool))
      throw new RenderError(route.service, place, `${JSON.stringify(pool)} is none of its pools ${pools.sort().join(", ")}`);
  };
  known(route.base, "default pool");
  if (route.other !== null) known(route.other, "other pool");
  if (route.other === route.base)
    throw new RenderError(route.service, "other pool", `${route.other} is the default pool already`);
  for (const pool of Object.keys(route.shares)) known(pool, "shares");
  const sum = Object.values(route.shares).reduce((total, share) => total + share, 0);
  if (sum !== 10_000 || Object.values(route.shares).some((share) => !Number.isSafeInteger(share) || share < 0))
    throw new RenderError(
      route.service,
      "shares",
      `${JSON.stringify(route.shares)} are not whole basis points that sum to 10 000`,
    );
}

/** `weighted.http`: one upstream. */
export function weightedView(route: Route, site: Site): View {
  const make = maker(route.service);
  return {
    ...upstream(route, make, site, weightedUpstreamName(route.service), serviceServers(route)),
    service: make(route.service, "name"),
  };
}

/** `live.http`, `live.server` and `live.location`. */
export function liveView(route: Route, site: Site): View {
  const make = maker(route.service);
  const { service } = route;
  const { header, cookie } = route.shape.overrides;
  const pools = Object.keys(route.endpoints).sort();
  return {
    service: make(service, "name"),
    pools: pools.map((pool) => upstream(route, make, site, upstreamName(service, pool), poolServers(route, pool))),
    poolVariable: make(poolVariable(service), "variable of the pool"),
    base: make(upstreamName(service, route.base), "upstream of the default pool"),
    other: route.other === null ? null : make(upstreamName(service, route.other), "upstream of the other pool"),
    table: route.other === null ? null : make(`${site.tables}/${tableName(service, route.other)}`, "table"),
    key: make(keyId(route.shape.key), "key"),
    overridden: header !== null || cookie !== null,
    slotVariable: make(slotVariable(service), "variable of the slot"),
    header: header === null ? null : make(header, "override header"),
    cookie: cookie === null ? null : make(cookie, "override cookie"),
    both: header !== null && cookie !== null,
    cookieVariable: make(cookieVariable(service), "variable of the override cookie"),
    userid: route.shape.key.by === "cookie" && site.capabilities.userid,
    useridFlags: site.capabilities.useridFlags,
    routed: saysRouting(route) ? make(routedVariable(service), "variable of the routing") : null,
    basePool: make(route.base, "default pool"),
    otherPool: route.other === null ? null : make(route.other, "other pool"),
  };
}

/** `live.server` and `live.location` of a service that is not live (any more): everything goes to `upstream`. */
export function fixedView(service: ServiceName, upstreamOf: string, site: Site): View {
  const make = maker(service);
  return {
    service: make(service, "name"),
    pools: [],
    poolVariable: make(poolVariable(service), "variable of the pool"),
    base: make(upstreamOf, "upstream"),
    other: null,
    table: null,
    key: make("random", "key"),
    overridden: false,
    slotVariable: make(slotVariable(service), "variable of the slot"),
    header: null,
    cookie: null,
    both: false,
    cookieVariable: make(cookieVariable(service), "variable of the override cookie"),
    userid: false,
    useridFlags: site.capabilities.useridFlags,
    routed: null,
    basePool: null,
    otherPool: null,
  };
}

/** `removed.http`. */
export function removedView(service: ServiceName, weighted: boolean): View {
  const make = maker(service);
  return { service: make(service, "name"), weighted, upstream: make(weightedUpstreamName(service), "upstream") };
}

/** `sluice.http`: what all services share, and the status server. */
export function sharedView(routes: readonly Route[], site: Site): View {
  const make = maker(null);
  const live = routes.filter(({ shape }) => shape.routing === "live");
  const keys = new Map(live.map((route) => [keyId(route.shape.key), route]));
  return {
    keys: [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, route]) => keyView(id, route, site)),
    buckets: Array.from({ length: 99 }, (_, at) => ({ name: make(String(at).padStart(2, "0"), "bucket") })),
    status: make(site.status, "nginx.status"),
    tables: make(site.tables, "nginx.tables"),
    services: live.map((route) => statusView(route, site)),
  };
}

/** Whether the includes of a service say where its table sent a request. */
export function saysRouting({ shape, other }: Route): boolean {
  return shape.log !== undefined && shape.routing === "live" && other !== null;
}

/** `sluice.closing`. */
export function closingView(site: Site): View {
  return { keepaliveMinTimeout: site.capabilities.keepaliveMinTimeout, flag: maker(null)(site.closingFlag, "closing flag") };
}

/** What services with the same key share their splits by; also a part of variables' names, so nothing but letters, digits and `_`. */
export function keyId(key: Key): string {
  switch (key.by) {
    case "random":
    case "address":
      return key.by;
    case "header":
    case "cookie":
      return `${key.by}_${key.name.toLowerCase().replaceAll("-", "_")}`;
    default:
      return never(key);
  }
}

function keyView(id: string, { service, shape: { key } }: Route, site: Site): View {
  const make = maker(service);
  return {
    id: make(id, "key"),
    x: make(`sluice_x_${id}`, "variable of the key"),
    y: make(`sluice_y_${id}`, "variable of the key"),
    variable: make(`sluice_key_${id}`, "variable of the key"),
    random: key.by === "random",
    address: key.by === "address",
    header: key.by === "header" ? make(key.name, "key header") : null,
    cookie: key.by === "cookie" ? make(key.name, "key cookie") : null,
    userid: site.capabilities.userid,
  };
}

function statusView(route: Route, site: Site): View {
  const make = maker(route.service);
  return {
    service: make(route.service, "name"),
    base: make(route.base, "default pool"),
    other: route.other === null ? null : make(route.other, "other pool"),
    table: route.other === null ? null : make(`${site.tables}/${tableName(route.service, route.other)}`, "table"),
  };
}

function upstream(route: Route, make: Make, site: Site, name: string, servers: readonly Server[]): View {
  const { tries } = route.shape;
  return {
    upstream: make(name, "upstream"),
    // A zone's name is nginx's alone: the user's own `limit_req` zone may well have the service's.
    zone: make(`sluice_${name}`, "zone"),
    zoneKb: make(64 + servers.length, "size of the zone"),
    empty: servers.length === 0,
    servers: servers.map((server) => ({
      pool: make(server.pool, "pool"),
      address: make(server.endpoint, `endpoint of pool ${server.pool}`),
      weight: make(server.weight, `weight in pool ${server.pool}`),
      down: server.down,
      maxFails: make(tries.maxFails, "maxFails"),
      failTimeoutS: tries.maxFails === 0 ? null : make(tries.failTimeoutMs / 1_000, "failTimeout in seconds"),
    })),
    keepalive: tries.keepalive === 0 ? null : make(tries.keepalive, "keepalive"),
    closed: tries.keepalive === 0 && site.capabilities.keepsByDefault,
  };
}

/** Makes the values of one service, or of all. */
export function maker(service: ServiceName | null): Make {
  return (raw, place) => new Value(raw, place, service);
}
