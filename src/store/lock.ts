import { DatabaseSync } from "node:sqlite";
import { isBusy, storeError } from "./failure.ts";
import { ownFile } from "./folder.ts";

/** Held until it is disposed, or until the process ends. */
export type Lock = Disposable;

/**
 * Locks a file for this process: null where another one has it.
 *
 * It is an exclusive transaction on an empty SQLite file, so it is the operating system's lock: freed however the process
 * ends, and held while it is stopped. Nothing is written, so a full disk does not keep it from being taken.
 */
export function tryLock(file: string, folder: string): Lock | null {
  ownFile(file, folder);
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    // Without a journal file nothing is written at all: the transaction never ends, so there is nothing to undo.
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    const held = db;
    return { [Symbol.dispose]: () => held.close() };
  } catch (error) {
    db?.close();
    if (isBusy(error)) return null;
    throw storeError(error, file);
  }
}
