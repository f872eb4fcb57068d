import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../core/errors.ts";
import type { AbortFiles } from "../core/ports.ts";
import { ownFolder, reason, syncFolder } from "./folder.ts";

const READY = ".ready";
const ABORT = ".abort";
const ROLLOUT = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * The abort files below a state folder; makes `aborts/` where it is missing.
 *
 * An abort is a rename of an empty file that was made when the rollout started, to a name of the same length: no block
 * is needed for it, so it works on a full disk and beside a database that is not writable. All calls throw a `StoreError`
 * where even that fails.
 */
export function openAbortFiles(state: string): AbortFiles {
  ownFolder(state);
  const folder = join(state, "aborts");
  const file = (rollout: string, end: string) => join(folder, named(rollout) + end);
  doing(`make ${folder}`, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  return {
    prepareAbort: (rollout) =>
      doing(`prepare for an abort of ${rollout}`, () => {
        // Not synced: it has its room from now on, and where a power cut takes it, `recordAbort` makes a new one.
        writeFileSync(file(rollout, READY), "", { mode: 0o600 });
      }),
    recordAbort: (rollout) =>
      doing(`record the abort of ${rollout}`, () => {
        moveOrMake(file(rollout, READY), file(rollout, ABORT));
        syncFolder(folder);
      }),
    takeAborts: () => doing(`read ${folder}`, () => recorded(folder)),
    clearAbort: (rollout) =>
      doing(`clear the abort of ${rollout}`, () => {
        rmSync(file(rollout, READY), { force: true });
        rmSync(file(rollout, ABORT), { force: true });
        syncFolder(folder);
      }),
  };
}

/** Where the file was never prepared, making one is worth a try: an empty one may still find room. */
function moveOrMake(ready: string, abort: string): void {
  try {
    renameSync(ready, abort);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    writeFileSync(abort, "", { mode: 0o600 });
  }
}

function recorded(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ABORT))
    .map((name) => name.slice(0, -ABORT.length))
    .sort();
}

function named(rollout: string): string {
  if (!ROLLOUT.test(rollout)) throw new TypeError(`${JSON.stringify(rollout)} is no rollout id`);
  return rollout;
}

function doing<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TypeError) throw error;
    const code = (error as NodeJS.ErrnoException).code === "ENOSPC" ? "full" : "unavailable";
    throw new StoreError(code, `cannot ${what}: ${reason(error)}`, { cause: error });
  }
}
