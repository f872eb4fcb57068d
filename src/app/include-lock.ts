import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "../core/errors.ts";
import type { Log } from "../core/ports.ts";
import { type Lock, tryLock } from "../store/lock.ts";

/**
 * Keeps a second Sluice, with a state of its own, from writing the same folder for nginx: each would undo what the other one did. Held until
 * it is disposed, or until the process ends.
 *
 * Null where the folder cannot be written: what nginx has then still works, and whoever needs more is told by the write that fails.
 */
export async function lockInclude(folder: string, log: Log): Promise<Lock | null> {
  let lock: Lock | null;
  try {
    await mkdir(folder, { recursive: true });
    lock = tryLock(join(folder, ".sluice.lock"), folder);
  } catch (error) {
    log.warn(
      `nobody can tell whether another Sluice writes ${folder}: ${error instanceof Error ? error.message : String(error)}`,
    );
    return null;
  }
  if (lock !== null) return lock;
  const why = `${folder} is written by another Sluice, which has a state folder of its own`;
  throw new StoreError("locked", `${why}: give each its own nginx.include and nginx.tables, or stop the other one.`);
}
