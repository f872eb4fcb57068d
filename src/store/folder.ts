import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "../core/errors.ts";

/** Makes the state folder (0700) where it is missing, and refuses one that others own or may write to. */
export function ownFolder(folder: string): void {
  try {
    // Only the folder itself is closed to others: nginx's workers must get through the ones above it to their tables.
    mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreError("unavailable", `the state folder ${folder} cannot be made: ${reason(error)}`, { cause: error });
  }
  const { uid, mode } = statSync(folder);
  const me = process.geteuid?.() ?? uid;
  if (uid !== me) {
    // Even root is refused: files that it made would lock out the user that the controller runs as.
    throw new StoreError(
      "unavailable",
      `the state folder ${folder} belongs to uid ${uid}, and this is uid ${me}: run as its owner.`,
    );
  }
  if ((mode & 0o022) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, "0");
    throw new StoreError(
      "unavailable",
      `the state folder ${folder} can be written by others (mode ${shown}): run chmod 0700 ${folder}`,
    );
  }
}

/**
 * Makes an empty file (0600) where there is none.
 *
 * A file that exists is never opened here: closing any descriptor of a file drops every POSIX lock that this process has
 * on it, and SQLite's are of that kind.
 */
export function ownFile(file: string, folder: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    const code = (error as NodeJS.ErrnoException).code === "ENOSPC" ? "full" : "unavailable";
    throw new StoreError(code, `${file} cannot be made: ${reason(error)}`, { cause: error });
  }
  syncFolder(folder);
}

/** Makes what was created, renamed or removed in a folder outlive a power cut. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
