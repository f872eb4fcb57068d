import { linkSync, readdirSync, rmdirSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Bp } from "../core/units.ts";
import { linkLike, openFolder } from "./links.ts";
import { permutation } from "./permutation.ts";
import type { Pieces } from "./spare-time.ts";

/** Which buckets go to a pool: the first `bp` in the order of `seed`. 1 to 9 999. */
export type Part = { readonly bp: Bp; readonly seed: string };

/** Entries that are made or removed in one piece: about 0.2 ms. */
const AT_ONCE = 8;

/** The name of a row or column of the table, 0 to 99. */
export function digits(bucket: number): string {
  return String(bucket).padStart(2, "0");
}

/** The slot of the bucket that goes to the pool as number `rank`, counted from 0. */
export function slotOf(seed: string, rank: Bp): string {
  const { rows, columns } = orders(seed);
  return `${digits(rows[Math.floor(rank / 100)] ?? 0)}/${digits(columns[rank % 100] ?? 0)}`;
}

/** Makes a directory with an entry for each bucket of the part, in pieces. `full` is a directory with all 100 columns. */
export function* building(path: string, full: string, { bp, seed }: Part): Pieces {
  const { rows, columns } = orders(seed);
  const whole = Math.floor(bp / 100);
  openFolder(path);
  const first = join(path, "yes");
  symlinkSync("../../full", first);
  for (const [index, row] of rows.slice(0, whole).entries()) {
    linkLike(first, join(path, digits(row)), "../../full");
    if (index % AT_ONCE === AT_ONCE - 1) yield;
  }
  if (bp % 100 === 0) return;
  const partial = join(path, digits(rows[whole] ?? 0));
  openFolder(partial);
  for (const [index, column] of columns.slice(0, bp % 100).entries()) {
    linkSync(join(full, "00"), join(partial, digits(column)));
    if (index % AT_ONCE === AT_ONCE - 1) yield;
  }
}

/** True where the directory holds as many entries as `building` makes: nobody has cleaned up in it since. */
export function isWhole(path: string, { bp, seed }: Part): boolean {
  const whole = Math.floor(bp / 100);
  const rest = bp % 100;
  const partial = join(path, digits(orders(seed).rows[whole] ?? 0));
  return entries(path) === 1 + whole + Math.sign(rest) && (rest === 0 || entries(partial) === rest);
}

/** Removes a directory of buckets, in pieces; what is gone already is none of its business. */
export function* removing(path: string): Pieces {
  let index = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* removing(join(path, entry.name));
    else unlinkSync(join(path, entry.name));
    index += 1;
    if (index % AT_ONCE === 0) yield;
  }
  rmdirSync(path);
}

function entries(path: string): number {
  try {
    return readdirSync(path).length;
  } catch {
    // Gone, or not a directory any more: not whole either way.
    return 0;
  }
}

function orders(seed: string): { readonly rows: readonly number[]; readonly columns: readonly number[] } {
  return { rows: permutation(`${seed} x`, 100), columns: permutation(`${seed} y`, 100) };
}
