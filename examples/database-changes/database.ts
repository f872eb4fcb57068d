import { DatabaseSync } from "node:sqlite";

/** How long a statement waits for whoever writes just now. SQLite takes one writer at a time. */
const BUSY_MS = 5_000;

/** The database of a file. With a write-ahead log, readers wait for nobody. */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  return database;
}

/** The columns of `people`, none where there is no such table. */
export function columnsOf(database: DatabaseSync): readonly string[] {
  return database
    .prepare("SELECT name FROM pragma_table_info('people')")
    .all()
    .map(({ name }) => String(name));
}

/** What a release needs and the database has not. */
export function missing(database: DatabaseSync, needs: readonly string[]): readonly string[] {
  const columns = columnsOf(database);
  return needs.filter((column) => !columns.includes(column));
}

/** Does all of `work` or nothing. The lock is taken at once, so that what `work` reads is still so when it writes. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
