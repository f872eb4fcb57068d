import { judgedMembers } from "../core/failing.ts";
import type { Apart } from "../core/ports.ts";
import type { Endpoint, PoolName } from "../core/units.ts";
import type { Cell } from "./cell.ts";

/** Under which name the requests of members are counted that are judged against the others of their pool. */
export function armOf(pool: PoolName): string {
  return `${pool}*`;
}

/** Addresses of the members that the rollout under way judges by themselves; null where it judges a whole pool. */
export function judgedEndpoints(cell: Cell): readonly Endpoint[] | null {
  const members = cell.rollout === null ? null : judgedMembers(cell.rollout);
  if (members === null) return null;
  return members.flatMap((member) => cell.record.sight.addresses[member]?.endpoints ?? []);
}

/** Whose requests are to be counted apart, of all of these services. */
export function apartOf(cells: readonly Cell[]): Apart {
  const judged = cells.map((cell) => ({ cell, endpoints: judgedEndpoints(cell) }));
  return Object.fromEntries(
    judged.flatMap(({ cell, endpoints }) => {
      const pool = cell.rollout?.rolling?.pool;
      return endpoints === null || pool === undefined ? [] : [[cell.settings.name, { arm: armOf(pool), endpoints }]];
    }),
  );
}
