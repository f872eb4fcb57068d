import type { Address, EndpointHealth, PoolSight } from "../core/health.ts";
import type { Rollout } from "../core/rollout.ts";
import type { By, Want } from "../core/route.ts";
import { otherPool } from "../core/route-of.ts";
import type { ServiceSettings } from "../core/service.ts";
import type { Endpoint, Member, PoolName } from "../core/units.ts";
import { resting } from "../core/want.ts";

/** What is stored of a service beside its rollouts. */
export type ServiceState = {
  readonly schema: 1;
  readonly stable: PoolName;
  readonly other: PoolName | null;
  readonly seed: string;
  /** The want of the last rollout, which still stands. */
  readonly by: By | null;
  /** Rollouts started so far: the number in the next one's id. */
  readonly count: number;
  /** The newest rollout. */
  readonly rollout: string | null;
  /** Finished rollouts so far. */
  readonly revision: number;
  /** Members set at run time; a pool that is not named has the configured ones. */
  readonly members: Readonly<Record<PoolName, readonly Member[]>>;
  /** Members that a person took out. */
  readonly drained: Readonly<Record<PoolName, readonly Member[]>>;
};

/** What probes and the resolver saw last; stored, or a restart would readmit members that are down. */
export type Sight = {
  readonly addresses: Readonly<Record<Member, Address>>;
  readonly health: Readonly<Record<Endpoint, EndpointHealth>>;
};

export const BLIND: Sight = { addresses: {}, health: {} };

/** The first state of a service: what is configured as stable has all of the traffic. */
export function firstState(settings: ServiceSettings): ServiceState {
  const other = otherPool(Object.keys(settings.pools), settings.stable, null);
  const seed = settings.name;
  return {
    schema: 1,
    stable: settings.stable,
    other,
    seed,
    by: null,
    count: 0,
    rollout: null,
    revision: 0,
    members: {},
    drained: {},
  };
}

/** Every member of a pool, idle spares among them. */
export function membersOf(state: ServiceState, settings: ServiceSettings, pool: PoolName): readonly Member[] {
  const members = listedOf(state, settings, pool);
  return [...members, ...sparesOf(settings, pool).filter((spare) => !members.includes(spare))];
}

/** The members of a pool as they are configured or set, without spares. */
export function listedOf(state: ServiceState, settings: ServiceSettings, pool: PoolName): readonly Member[] {
  return state.members[pool] ?? settings.pools[pool]?.members ?? [];
}

/** True of a spare that no rollout has brought in. */
export function isIdleSpare(settings: ServiceSettings, pool: PoolName, member: Member, rollout: Rollout | null): boolean {
  return sparesOf(settings, pool).includes(member) && rollout?.want.extra?.includes(member) !== true;
}

function sparesOf({ rolling }: ServiceSettings, pool: PoolName): readonly Member[] {
  return rolling?.pool === pool ? rolling.spares : [];
}

/** What a service without a rollout under way wants. */
export function restingWant(state: ServiceState, settings: ServiceSettings): Want {
  return resting(state.stable, otherPool(Object.keys(settings.pools), state.stable, state.other), state.seed);
}

/** What is known of each pool now. A spare is out unless the rollout under way brought it in. */
export function sightOf(
  state: ServiceState,
  settings: ServiceSettings,
  sight: Sight,
  rollout: Rollout | null,
): Readonly<Record<PoolName, PoolSight>> {
  const going = rollout !== null && rollout.endedAt === null ? rollout : null;
  const used = going?.want.extra ?? [];
  return Object.fromEntries(
    Object.keys(settings.pools).map((pool) => [
      pool,
      {
        members: membersOf(state, settings, pool),
        drained: [...(state.drained[pool] ?? []), ...sparesOf(settings, pool).filter((spare) => !used.includes(spare))],
        addresses: sight.addresses,
        health: sight.health,
        fresh: going?.rolling?.pool === pool ? going.rolling.fresh : {},
      },
    ]),
  );
}
