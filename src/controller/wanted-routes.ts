import type { Resolve, Store } from "../core/ports.ts";
import type { Route } from "../core/route.ts";
import type { ServiceSettings } from "../core/service.ts";
import type { Member } from "../core/units.ts";
import { composeRoute, loadRecord } from "./record.ts";
import { membersOf, type Sight } from "./service-state.ts";

/**
 * What nginx would be told of each service now, without driving anything: from what is stored, with the names that have no
 * address yet looked up. Without a store it is the first state.
 */
export async function wantedRoutes(
  store: Store | null,
  services: readonly ServiceSettings[],
  resolve: Resolve,
): Promise<readonly Route[]> {
  return Promise.all(
    services.map(async (settings) => {
      const { record } = await loadRecord(store ?? EMPTY, settings, "");
      const members = Object.keys(settings.pools).flatMap((pool) => membersOf(record.state, settings, pool));
      const sight = {
        ...record.sight,
        addresses: { ...record.sight.addresses, ...(await find(members, record.sight, resolve)) },
      };
      return composeRoute({ ...record, sight }, settings, record.route, record.route.epoch);
    }),
  );
}

const EMPTY: Pick<Store, "get"> = { get: async () => null };

async function find(members: readonly Member[], sight: Sight, resolve: Resolve): Promise<Sight["addresses"]> {
  const unknown = members.filter((member) => (sight.addresses[member]?.endpoints ?? []).length === 0);
  const found = await Promise.all(
    unknown.map(async (member) => {
      const address = await resolve(member).then(
        (endpoints) => ({ endpoints, problem: null }),
        (error: unknown) => ({ endpoints: [], problem: error instanceof Error ? error.message : String(error) }),
      );
      return [member, address] as const;
    }),
  );
  return Object.fromEntries(found);
}
