import type { Route } from "../core/route.ts";
import type { PoolName, ServiceName } from "../core/units.ts";
import { type Content, type Serving, tablesFor } from "./direction.ts";
import type { StatusClient } from "./status.ts";
import { sampleSlots, type Tables } from "./table.ts";

/** What was last done for a service's route. `waits`: its share needs a reload first. */
type Swapped = {
  readonly route: Route;
  readonly tables: ReadonlyMap<PoolName, Content>;
  readonly waits: boolean;
  readonly seen: boolean;
};

/** The lane that waits for nothing: brings the tables of `live` services to their routes, and has nginx confirm it. */
export class TableLane {
  readonly #tables: Tables;
  readonly #status: StatusClient;
  readonly #swapped = new Map<ServiceName, Swapped>();

  constructor(tables: Tables, status: StatusClient) {
    this.#tables = tables;
    this.#status = status;
  }

  /** Swaps what has to change for a route, now. Throws what the file system says. */
  swap(route: Route, serving: readonly Serving[]): void {
    const { tables, waits } = tablesFor(route, serving);
    let changed = false;
    for (const [pool, content] of tables) changed = this.#tables.set(route.service, pool, content) || changed;
    const before = this.#swapped.get(route.service);
    const seen = before?.seen === true && !changed && before.waits === waits && sameRoute(before.route, route);
    this.#swapped.set(route.service, { route, tables, waits, seen });
  }

  /** True where nginx confirmed that the tables say what this route wants. */
  isServed(route: Route): boolean {
    const one = this.#swapped.get(route.service);
    return one !== undefined && one.route === route && !one.waits && one.seen;
  }

  /** True where this route's tables are in place, and nginx has not confirmed them yet. */
  isOpen(route: Route): boolean {
    const one = this.#swapped.get(route.service);
    return one !== undefined && one.route === route && !one.waits && !one.seen;
  }

  /**
   * Asks nginx about a bucket on each side of the share; null where it agrees, else what it says instead. Only the tables
   * themselves are looked at per request, so one worker speaks for all.
   */
  async confirm(service: ServiceName): Promise<string | null> {
    const one = this.#swapped.get(service);
    if (one === undefined || one.waits || one.seen) return null;
    for (const { slot, pool } of questions(one)) {
      const answer = await this.#status.pool(service, slot);
      if (answer === null) return `nginx does not say where ${service} goes`;
      if (answer.pool !== pool) return `nginx sends bucket ${slot} of ${service} to ${answer.pool} instead of ${pool}`;
    }
    // The route may have changed while nginx was asked.
    if (this.#swapped.get(service) === one) this.#swapped.set(service, { ...one, seen: true });
    return null;
  }

  /** Empties the table that a new configuration will look into, and reads it back. Throws where it does not hold. */
  readBack(route: Route): void {
    const one = this.#swapped.get(route.service);
    for (const [pool, content] of one?.tables ?? []) {
      const { bp } = this.#tables.read(route.service, pool);
      const wanted = content.is === "all" ? 10_000 : content.is === "partial" ? content.bp : 0;
      if (bp !== wanted)
        throw new Error(
          `the table ${route.service}.${pool} in ${this.#tables.folder} holds ${bp} of 10000 buckets instead of ${wanted}; does something else write there?`,
        );
    }
  }
}

function questions({ route, tables }: Swapped): readonly { readonly slot: string; readonly pool: PoolName }[] {
  const full = [...tables].find(([, content]) => content.is === "all")?.[0];
  if (full !== undefined) return [{ slot: "00/00", pool: full }];
  if (route.other === null) return [{ slot: "00/00", pool: route.base }];
  const { inside, outside } = sampleSlots(tables.get(route.other) ?? { is: "empty" });
  return [
    ...(inside === null ? [] : [{ slot: inside, pool: route.other }]),
    ...(outside === null ? [] : [{ slot: outside, pool: route.base }]),
  ];
}

function sameRoute(a: Route, b: Route): boolean {
  return a.base === b.base && a.other === b.other;
}
