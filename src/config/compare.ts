import { isDeepStrictEqual } from "node:util";
import type { Config, Service } from "./config.ts";

/**
 * Pools of a service that traffic depends on now: stable and, while a rollout is under way, its two pools. `updated` is the pool whose members
 * a rolling rollout goes through.
 */
export type InUse = {
  readonly service: string;
  readonly rollout: string | null;
  readonly pools: readonly string[];
  readonly updated: string | null;
};

/** Why a changed configuration cannot be taken over while Sluice runs. `path` is where the change is. */
export type ReloadRefusal = { readonly path: string; readonly message: string };

/** Settings that are read once, when the process starts. */
const AT_START = ["api", "state", "history", "nginx", "templates", "notify"] as const;

/**
 * What speaks against going on with `after` instead of `before`; empty where nothing does. A reload is all or nothing: with
 * one refusal, all of `before` stays.
 */
export function compareConfigs(before: Config, after: Config, inUse: readonly InUse[]): ReloadRefusal[] {
  const restarts = AT_START.filter((key) => !isDeepStrictEqual(before[key], after[key])).map((path) => ({
    path,
    message: "a change here needs a restart: stop Sluice and start it again (nginx goes on serving meanwhile)",
  }));
  return [...restarts, ...inUse.flatMap((use) => refuseUse(before.services[use.service], after.services[use.service], use))];
}

/** Which services `after` has that `before` lacks, has otherwise, and lacks, in the order of the file. */
export function changesOf(before: Config, after: Config): { added: string[]; changed: string[]; removed: string[] } {
  const names = Object.keys(after.services);
  const known = names.filter((name) => Object.hasOwn(before.services, name));
  return {
    added: names.filter((name) => !known.includes(name)),
    changed: known.filter((name) => !isDeepStrictEqual(before.services[name], after.services[name])),
    removed: Object.keys(before.services).filter((name) => !Object.hasOwn(after.services, name)),
  };
}

function refuseUse(before: Service | undefined, after: Service | undefined, use: InUse): ReloadRefusal[] {
  const path = `services.${use.service}`;
  const { rollout } = use;
  if (after === undefined) {
    if (rollout === null) return [];
    return [
      {
        path,
        message: `cannot be removed while the rollout ${rollout} is under way; end it first (sluice abort ${use.service})`,
      },
    ];
  }
  const gone = use.pools.filter((pool) => !Object.hasOwn(after.pools, pool));
  const removed = gone.map((pool) => ({ path: `${path}.pools.${pool}`, message: `cannot be removed while ${whyUsed(use)}` }));
  if (before === undefined || rollout === null) return removed;
  const altered = (["routing", "key", "targets"] as const).filter((what) => !isDeepStrictEqual(before[what], after[what]));
  const refusals = altered.map((what) => ({
    path: `${path}.${what}`,
    message: `cannot change while the rollout ${rollout} is under way; end it first (sluice promote ${use.service}, or sluice abort ${use.service})`,
  }));
  return [...refusals, ...removed, ...refuseMembers(before, after, use)];
}

/** A rolling rollout has planned its batches: who is in the pool stays so until it has ended. */
function refuseMembers(before: Service, after: Service, { service, rollout, updated }: InUse): ReloadRefusal[] {
  if (updated === null) return [];
  const [was, will] = [before.pools[updated]?.members, after.pools[updated]?.members];
  if (will === undefined || isDeepStrictEqual(was, will)) return [];
  const message = `cannot change while the rollout ${rollout} updates them one by one; end it first (sluice abort ${service})`;
  return [{ path: `services.${service}.pools.${updated}.members`, message }];
}

function whyUsed({ service, rollout }: InUse): string {
  return rollout === null
    ? `it carries the traffic of ${service}; move that to another pool first (sluice switch ${service})`
    : `the rollout ${rollout} is under way; end it first (sluice abort ${service})`;
}
