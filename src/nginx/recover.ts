import { rm } from "node:fs/promises";
import type { Generations, Manifest } from "./files.ts";
import { closingFlag } from "./settings.ts";
import type { StatusClient } from "./status.ts";

/** What start-up finds: the set that lies on disk, and every set that nginx may be serving. */
export type Recovered = {
  readonly disk: Manifest | null;
  readonly may: readonly Manifest[];
  readonly undone: string | null /** No generation number at or below this is free. */;
  readonly above: number;
};

/**
 * Puts the folder right after whatever ended the process before.
 *
 * A generation that was swapped in and never proved stays only where nginx answers with it; else the one before comes back. A
 * closing flag that was left would make every connection cost more for ever.
 */
export async function recover(files: Generations, status: StatusClient, tables: string): Promise<Recovered> {
  await files.open();
  await rm(closingFlag(tables), { force: true });
  const pending = await files.pending();
  const answers = (await status.generation())?.generation ?? null;
  const undo = pending !== null && answers !== pending.to;
  if (pending !== null) await (undo ? files.restore(pending) : files.mark(null));
  const current = await files.current();
  const named = [current, answers, pending?.from ?? null, pending?.to ?? null];
  const unique = [...new Set(named.filter((name) => name !== null))];
  const found = (await Promise.all(unique.map((name) => files.manifest(name)))).filter((one) => one !== null);
  return {
    above: Math.max(0, ...unique.map((name) => Number.parseInt(name, 10) || 0)),
    disk: found.find((one) => one.generation === current) ?? null,
    may: found,
    undone: undo && pending.from !== null ? pending.to : null,
  };
}
