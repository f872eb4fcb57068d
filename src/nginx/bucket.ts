import type { Route } from "../core/route.ts";
import { type PoolName, WHOLE } from "../core/units.ts";
import { shareOf } from "../core/want.ts";
import { permutation } from "./permutation.ts";

/**
 * The pool that a bucket (`XX/YY`) of a `live` service goes to under a route, whichever tables say so; null for what is no bucket: an
 * override.
 */
export function poolOfBucket({ base, other, shares, seed }: Route): (slot: string) => PoolName | null {
  const bp = other === null ? 0 : shareOf(shares, other);
  const rows = ranks(`${seed} x`);
  const columns = ranks(`${seed} y`);
  return (slot) => {
    const [, row, column] = /^(\d\d)\/(\d\d)$/.exec(slot) ?? [];
    if (row === undefined || column === undefined) return null;
    if (other === null || bp === 0) return base;
    const place = bp === WHOLE ? 0 : (rows[Number(row)] ?? 0) * 100 + (columns[Number(column)] ?? 0);
    return place < bp ? other : base;
  };
}

/** The place of each number in the order in which they go to the candidate. */
function ranks(seed: string): readonly number[] {
  const places: number[] = [];
  for (const [place, number] of permutation(seed, 100).entries()) places[number] = place;
  return places;
}
