import type { Route } from "../core/route.ts";
import { type Bp, type Endpoint, type PoolName, WHOLE } from "../core/units.ts";

/** One `server` line: `weight` counts only where it is not `down`. */
export type Server = { readonly pool: PoolName; readonly endpoint: Endpoint; readonly weight: number; readonly down: boolean };

/** Above this the weights inside a pool are rounded; the shares of the pools never are. */
const LARGEST_EXACT = 1_000_000n;
/** How finely a rounded pool is divided: the mean weight of an endpoint. */
const MEAN_ROUNDED = 1_000n;

/** The servers of one pool's own upstream: equal weights, or the parts of eased endpoints. */
export function poolServers(route: Route, pool: PoolName): readonly Server[] {
  const ready = parts(route, pool);
  const divisor = [...ready.values()].reduce(gcd, 0n);
  return servers(route, pool, new Map([...ready].map(([endpoint, part]) => [endpoint, part / divisor])));
}

/**
 * The servers of a `weighted` service: integer weights whose sums per pool stand exactly in the ratio of the shares, whatever the
 * number of ready endpoints.
 *
 * An endpoint gets `share · part / (sum of its pool's parts)`; the common denominator makes that whole, the greatest common
 * divisor small. Pools without a share or without a ready endpoint are `down`.
 */
export function serviceServers(route: Route): readonly Server[] {
  const pools = Object.keys(route.endpoints).sort();
  const shares = served(route, pools);
  const active = pools
    .filter((pool) => (shares[pool] ?? 0) > 0)
    .map((pool) => ({ pool, share: shares[pool] ?? 0, ready: parts(route, pool) }));
  const exact = active.map(({ share, ready }) =>
    divideExactly(
      [...ready.values()],
      active.map((one) => sum(one.ready.values())),
      BigInt(share),
    ),
  );
  const flat = exact.flat();
  const divisor = flat.reduce(gcd, 0n);
  const small = flat.every((weight) => weight / divisor <= LARGEST_EXACT);
  const weights = small ? exact : rounded(active);
  const reduce = small ? divisor : weights.flat().reduce(gcd, 0n);
  const byEndpoint = new Map(
    active.map(({ pool, ready }, at) => [
      pool,
      new Map([...ready.keys()].map((endpoint, index) => [endpoint, (weights[at]?.[index] ?? reduce) / reduce])),
    ]),
  );
  return pools.flatMap((pool) => servers(route, pool, byEndpoint.get(pool) ?? new Map()));
}

/**
 * The shares of the pools that can serve. Where none of those with a share has a ready endpoint, the default pool gets all, and
 * where that has none either, the first that has one: nginx would answer 502 to everybody otherwise.
 */
function served(route: Route, pools: readonly PoolName[]): Readonly<Record<PoolName, Bp>> {
  const able = pools.filter((pool) => parts(route, pool).size > 0);
  const wanted = able.filter((pool) => (route.shares[pool] ?? 0) > 0);
  if (wanted.length > 0) return Object.fromEntries(wanted.map((pool) => [pool, route.shares[pool] ?? 0]));
  const last = able.includes(route.base) ? route.base : able[0];
  return last === undefined ? {} : { [last]: WHOLE };
}

/** The ready endpoints of a pool, sorted, with the part of each. */
function parts(route: Route, pool: PoolName): ReadonlyMap<Endpoint, bigint> {
  const states = route.endpoints[pool] ?? {};
  const ready = Object.keys(states).filter((endpoint) => states[endpoint] === "ready");
  return new Map(ready.sort().map((endpoint) => [endpoint, BigInt(route.eased[endpoint] ?? WHOLE)]));
}

function servers(route: Route, pool: PoolName, weights: ReadonlyMap<Endpoint, bigint>): readonly Server[] {
  return Object.keys(route.endpoints[pool] ?? {})
    .sort()
    .map((endpoint) => {
      const weight = weights.get(endpoint);
      return { pool, endpoint, weight: Number(weight ?? 1n), down: weight === undefined };
    });
}

function divideExactly(values: readonly bigint[], totals: readonly bigint[], share: bigint): readonly bigint[] {
  const common = totals.reduce(lcm, 1n);
  const total = sum(values);
  return values.map((value) => (share * value * common) / total);
}

/** Each pool's weight is its share times one factor, handed out by largest remainder, at least 1 to each endpoint. */
function rounded(
  active: readonly { readonly share: Bp; readonly ready: ReadonlyMap<Endpoint, bigint> }[],
): readonly (readonly bigint[])[] {
  const unit = active.map(({ share }) => BigInt(share)).reduce(gcd, 0n);
  const factors = active.map(({ share, ready }) => (BigInt(ready.size) * MEAN_ROUNDED * unit) / BigInt(share) + 1n);
  const factor = factors.reduce((most, one) => (one > most ? one : most), 1n);
  return active.map(({ share, ready }) => handOut((BigInt(share) / unit) * factor, [...ready.values()]));
}

function handOut(whole: bigint, values: readonly bigint[]): readonly bigint[] {
  const total = sum(values);
  const spare = whole - BigInt(values.length);
  const floors = values.map((value) => 1n + (spare * value) / total);
  const byRemainder = values
    .map((value, index) => ({ index, rest: (spare * value) % total }))
    .sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  const left = new Set(byRemainder.slice(0, Number(whole - sum(floors))).map(({ index }) => index));
  return floors.map((floor, index) => (left.has(index) ? floor + 1n : floor));
}

function sum(values: Iterable<bigint>): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

function lcm(a: bigint, b: bigint): bigint {
  return (a / gcd(a, b)) * b;
}
