import type { DatabaseSync } from "node:sqlite";
import { foreign } from "./failure.ts";

/** Marks a file as ours, in SQLite's header: `Slce`. */
const APPLICATION_ID = 0x53_6c_63_65;

/** The steps from an empty file to the present shape. A step that was published is never edited: the next one changes it. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) STRICT;
   CREATE TABLE control (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, epoch INTEGER NOT NULL, holder TEXT) STRICT;
   INSERT INTO control VALUES (1, 0, 0, NULL);`,
];

/** The version that `migrate` brings a database to. */
export const SCHEMA_VERSION = MIGRATIONS.length;

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** Throws a `StoreError` of code `foreign` for a database that is not ours, damaged, or newer than this program; writes nothing. */
export function refuseForeign(db: DatabaseSync, file: string): void {
  const application = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const tables = Number(db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n);
  if (application === 0 && version === 0 && tables === 0) return;
  if (application !== APPLICATION_ID) {
    throw foreign(file, `it is a database of another program (application id ${application}, ${tables} tables and indexes)`);
  }
  if (version > SCHEMA_VERSION) {
    throw foreign(
      file,
      `a newer Sluice wrote it (version ${version}, this one knows ${SCHEMA_VERSION}); run that Sluice instead`,
    );
  }
  const verdict = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (verdict !== "ok") throw foreign(file, `it is damaged: ${verdict}`);
}

/** Brings a database that `refuseForeign` let through to the present version: each step whole or not at all. */
export function migrate(db: DatabaseSync): void {
  while (pragma(db, "user_version") < SCHEMA_VERSION) {
    db.exec("BEGIN IMMEDIATE");
    try {
      // Read again under the lock: another process may have taken the same step meanwhile.
      const version = pragma(db, "user_version");
      const step = MIGRATIONS[version];
      if (step !== undefined) db.exec(`${step} PRAGMA user_version = ${version + 1}; PRAGMA application_id = ${APPLICATION_ID};`);
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}
