import { statfsSync } from "node:fs";
import { StoreError } from "../core/errors.ts";

/** SQLite's primary result codes that callers need told apart: https://www.sqlite.org/rescode.html. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

type SqliteError = Error & { readonly code: "ERR_SQLITE_ERROR"; readonly errcode: number; readonly errstr: string };

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR" && "errcode" in error;
}

/** True where another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && [BUSY, LOCKED].includes(error.errcode & 0xff);
}

/** Says in the caller's words why a file of the state folder cannot be used. Anything that is not SQLite's own error stays as it is. */
export function storeError(error: unknown, file: string): unknown {
  if (error instanceof StoreError || !isSqliteError(error)) return error;
  const cause = `${error.errstr} (SQLite code ${error.errcode})`;
  switch (error.errcode & 0xff) {
    case FULL:
      return noRoom(file, cause, error);
    case IOERR:
      return hasRoom(file) ? unavailable(file, cause, error) : noRoom(file, cause, error);
    case BUSY:
    case LOCKED:
      return new StoreError("locked", `${file} is locked by another process: ${cause}. Wait for it to end, then try again.`, {
        cause: error,
      });
    case NOTADB:
    case CORRUPT:
      return foreign(file, `it cannot be read: ${cause}`, error);
    case READONLY:
    case CANTOPEN:
      return unavailable(file, `${cause}; check the file's owner and mode, and that its disk is mounted writable`, error);
    default:
      return unavailable(file, cause, error);
  }
}

/** A database that is not ours to touch: it is left exactly as it is. */
export function foreign(file: string, why: string, cause?: unknown): StoreError {
  return new StoreError(
    "foreign",
    `${file} is not used: ${why}. Nothing was changed. Restore it from a backup, move it away to start with an empty state, or set \`state:\` to another folder.`,
    { cause },
  );
}

function noRoom(file: string, cause: string, error: unknown): StoreError {
  return new StoreError("full", `${file} cannot be written: no room is left on its disk: ${cause}. Free some, then try again.`, {
    cause: error,
  });
}

function unavailable(file: string, cause: string, error: unknown): StoreError {
  return new StoreError("unavailable", `${file} cannot be used: ${cause}.`, { cause: error });
}

function hasRoom(file: string): boolean {
  try {
    return statfsSync(file).bavail > 0;
  } catch {
    // The file itself is gone: that is not a lack of room.
    return true;
  }
}
