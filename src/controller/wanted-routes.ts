import type { Resolve, Store } from "../core/ports.ts";
import type { Route } from "../core/route.ts";
import type { ServiceSettings } from "../core/service.ts";
import { lookUp } from "./look-up.ts";
import { composeRoute, loadRecord, type ServiceRecord } from "./record.ts";
import { membersOf } from "./service-state.ts";

/** What nginx would be told of each service now, without driving anything. */
export async function wantedRoutes(
  store: Store | null,
  services: readonly ServiceSettings[],
  resolve: Resolve,
): Promise<readonly Route[]> {
  return (await recordsNow(store, services, resolve)).map(({ route }) => route);
}

/**
 * Everything that is known of each service now, without driving anything: from what is stored, with the names that have no address yet
 * looked up. Without a store it is the first state.
 */
export async function recordsNow(
  store: Store | null,
  services: readonly ServiceSettings[],
  resolve: Resolve,
): Promise<readonly ServiceRecord[]> {
  return Promise.all(
    services.map(async (settings) => {
      const { record } = await loadRecord(store ?? EMPTY, settings, "");
      const members = Object.keys(settings.pools).flatMap((pool) => membersOf(record.state, settings, pool));
      const addresses = { ...record.sight.addresses, ...(await lookUp(members, record.sight, resolve)) };
      const sight = { ...record.sight, addresses };
      const parts = { ...record, sight };
      return { ...parts, route: composeRoute(parts, settings, record.route, record.route.epoch) };
    }),
  );
}

const EMPTY: Pick<Store, "get"> = { get: async () => null };
