import type { Route, Want } from "../core/route.ts";
import { type Bp, type PoolName, WHOLE } from "../core/units.ts";
import { shareOf } from "../core/want.ts";

/** How a rendered configuration of a `live` service routes: to `base`, except for what stands in the table of `other`. */
export type Direction = { readonly base: PoolName; readonly other: PoolName | null };

/** What a pool's table should say. `partial` holds the overrides too, `preview` nothing but the way in by header. */
export type Content =
  | { readonly is: "empty" }
  | { readonly is: "preview" }
  | { readonly is: "all" }
  | { readonly is: "partial"; readonly bp: Bp; readonly seed: string };

/** The tables that a route needs, or why its share has to wait for a reload. */
export type TablePlan = { readonly tables: ReadonlyMap<PoolName, Content>; readonly waits: boolean };

const EMPTY: Content = { is: "empty" };

/** A configuration that some generation which may be serving was rendered from, with the pools that can take requests. */
export type Serving = Direction & { readonly usable: ReadonlySet<PoolName> };

/**
 * What the tables of a service should hold, given every configuration that nginx may be serving.
 *
 * While that is one and the same direction as the route's, the table of `other` is the share. Until then (around the reload
 * that changes the rendered default) one pool gets everything, in a way that both configurations read alike: its own table
 * is full and every other one is empty. A share that is only a part waits for the reload with everything on `base`.
 */
export function tablesFor(route: Route, serving: readonly Serving[]): TablePlan {
  const direct = serving.length > 0 && serving.every((one) => one.base === route.base && one.other === route.other);
  const bp = route.other === null ? 0 : shareOf(route.shares, route.other);
  if (direct && bp === 0)
    return { tables: all(route, null, route.other, route.preview ? { is: "preview" } : EMPTY), waits: false };
  const share = shareContent(route);
  if (direct && share !== null && reachable(route, serving, share.pool))
    return { tables: all(route, null, share.pool, share.content), waits: false };
  const whole = Object.entries(route.shares).find(([, part]) => part === WHOLE)?.[0] ?? null;
  const pool = whole ?? route.base;
  const known = serving.every((one) => one.base === pool || one.other === pool);
  if (!known || !reachable(route, serving, pool)) return { tables: new Map(), waits: true };
  return { tables: all(route, pool, null, EMPTY), waits: whole === null };
}

/** What the table of the pool holds that a share moves to, and which pool that is; null where none moves. */
export function shareContent(want: Want): { readonly pool: PoolName; readonly content: Content } | null {
  const { other, seed } = want;
  const bp = other === null ? 0 : shareOf(want.shares, other);
  if (other === null || bp === 0) return null;
  return { pool: other, content: bp === WHOLE ? { is: "all" } : { is: "partial", bp, seed } };
}

/** A way back takes what there is; a way forward does not go where no member that is wanted would be found. */
function reachable(route: Route, serving: readonly Serving[], pool: PoolName): boolean {
  return route.urgent || pool === route.base || serving.every((one) => one.usable.has(pool));
}

function all(route: Route, full: PoolName | null, named: PoolName | null, content: Content): ReadonlyMap<PoolName, Content> {
  const pools = new Set([...Object.keys(route.endpoints), route.base, ...(route.other === null ? [] : [route.other])]);
  return new Map([...pools].map((pool) => [pool, pool === full ? { is: "all" } : pool === named ? content : EMPTY]));
}

/** How `rendered` serves: a pool is usable where one of its members that takes requests is still wanted by `wanted`. */
export function servingOf(rendered: Route, wanted: Route): Serving {
  const usable = Object.entries(rendered.endpoints)
    .filter(([pool, endpoints]) =>
      Object.entries(endpoints).some(([endpoint, state]) => state === "ready" && wanted.endpoints[pool]?.[endpoint] === "ready"),
    )
    .map(([pool]) => pool);
  return { base: rendered.base, other: rendered.other, usable: new Set(usable) };
}
