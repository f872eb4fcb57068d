import type { DatabaseSync } from "node:sqlite";

/** A process of the application, as it said of itself. */
export type Instance = { readonly address: string; readonly version: string; readonly needs: readonly string[] };

/** How often a process says that it is there. */
export const BEAT_MS = 250;
/** Who has said nothing for so long is gone, however it ended. */
const GONE_MS = 2_000;

/** Says that a process is there, and which columns it needs: whoever would take one away asks here. */
export function beat(database: DatabaseSync, { address, version, needs }: Instance, now: number): void {
  database
    .prepare("INSERT OR REPLACE INTO instances (address, version, needs, seen_at) VALUES (?, ?, ?, ?)")
    .run(address, version, needs.join(","), now);
}

export function leave(database: DatabaseSync, address: string): void {
  database.prepare("DELETE FROM instances WHERE address = ?").run(address);
}

/** Those that are there and need one of `columns`: behind nginx or not, with traffic or without. */
export function whoNeeds(database: DatabaseSync, columns: readonly string[], now: number): readonly Instance[] {
  return database
    .prepare("SELECT address, version, needs FROM instances WHERE seen_at > ? ORDER BY address")
    .all(now - GONE_MS)
    .map(({ address, version, needs }) => ({
      address: String(address),
      version: String(version),
      needs: String(needs).split(","),
    }))
    .filter(({ needs }) => needs.some((column) => columns.includes(column)));
}
