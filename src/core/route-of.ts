import { endpointStates, type PoolSight } from "./health.ts";
import type { By, Route, Shape, Want } from "./route.ts";
import type { Bp, Endpoint, PoolName, ServiceName } from "./units.ts";
import { same } from "./want.ts";

export type RouteInput = {
  readonly service: ServiceName;
  readonly want: Want;
  readonly by: By | null;
  readonly shape: Shape;
  /** Every pool of the service. */
  readonly pools: Readonly<Record<PoolName, PoolSight>>;
  readonly last: Route | null;
  readonly epoch: string;
  readonly urgent: boolean;
};

/** What nginx should do now. The last route comes back unchanged where nothing in it would differ. */
export function routeOf(input: RouteInput): Route {
  const { want, last } = input;
  const pools = Object.entries(input.pools);
  const out = (pool: PoolSight): PoolSight => ({ ...pool, drained: [...pool.drained, ...want.out] });
  const endpoints = Object.fromEntries(
    pools.map(([name, pool]) => [name, endpointStates(out(pool), last?.endpoints[name] ?? {})]),
  );
  const next: Route = {
    ...want,
    service: input.service,
    version: last?.version ?? 1,
    epoch: input.epoch,
    by: input.by,
    endpoints,
    eased: easedOf(input),
    shape: input.shape,
    urgent: input.urgent,
  };
  if (last === null) return next;
  return same({ ...last, epoch: next.epoch }, next) ? last : { ...next, version: last.version + 1 };
}

function easedOf({ want, pools }: RouteInput): Readonly<Record<Endpoint, Bp>> {
  const eased: Record<Endpoint, Bp> = {};
  for (const [member, bp] of Object.entries(want.ease)) {
    for (const pool of Object.values(pools)) for (const endpoint of pool.addresses[member]?.endpoints ?? []) eased[endpoint] = bp;
  }
  return eased;
}

/**
 * The pool that a share can move to without a reload while no rollout says so: the one that was last, else the first
 * other one. It must be some pool, so that a `live` service has its table in place before it is needed.
 */
export function otherPool(pools: readonly PoolName[], base: PoolName, last: PoolName | null): PoolName | null {
  if (last !== null && last !== base && pools.includes(last)) return last;
  return pools.find((pool) => pool !== base) ?? null;
}
