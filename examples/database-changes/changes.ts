import type { DatabaseSync } from "node:sqlite";
import { columnsOf, missing } from "./database.ts";
import { whoNeeds } from "./instances.ts";
import { RELEASES, type Version } from "./releases.ts";
import { family, given, whole } from "./shapes.ts";

/** Each of these looks at what is there and does what is missing: done twice, it is done once. They return what they did, in words. */
const NOTHING = "nothing to do";

/** The tables of the first release. A column that may go one day must be one that an INSERT may leave out. */
const FIRST = `
  CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
  CREATE TABLE instances (address TEXT PRIMARY KEY, version TEXT NOT NULL, needs TEXT NOT NULL, seen_at INTEGER NOT NULL);
  CREATE TABLE changes (key TEXT PRIMARY KEY, said TEXT NOT NULL);`;

/**
 * Whoever writes one shape only gets the other one written, in the same statement: v1 knows nothing of the parts, v3 nothing of the
 * name, and both run beside v2. A writer of both finds that there is nothing to do.
 */
const TRIGGERS = {
  people_added_whole: `AFTER INSERT ON people WHEN NEW.given_name IS NULL BEGIN ${toParts()}; END`,
  people_added_in_parts: `AFTER INSERT ON people WHEN ${differs()} BEGIN ${toWhole()}; END`,
  people_renamed_whole: `AFTER UPDATE OF name ON people WHEN NEW.name IS NOT OLD.name AND NEW.name IS NOT ${whole("NEW")}
    BEGIN ${toParts()}; END`,
  people_renamed_in_parts: `AFTER UPDATE OF given_name, family_name ON people WHEN NEW.name IS OLD.name AND ${differs()}
    BEGIN ${toWhole()}; END`,
};

function toParts(): string {
  return `UPDATE people SET given_name = ${given("NEW")}, family_name = ${family("NEW")} WHERE id = NEW.id`;
}

function toWhole(): string {
  return `UPDATE people SET name = ${whole("NEW")} WHERE id = NEW.id`;
}

/** That a row has its parts, and another name than they say. */
function differs(): string {
  return `NEW.name <> ${whole("NEW")}`;
}

/** What has to be there before a version may run. Nothing that an older one needs is taken away. */
export function expand(database: DatabaseSync, version: Version): string {
  const isFirst = columnsOf(database).length === 0;
  if (isFirst) database.exec(FIRST);
  const added = version === "v2" ? addParts(database) : [];
  const gone = missing(database, RELEASES[version].needs);
  if (gone.length > 0) {
    const advice = gone.includes("name") ? "it was taken away, so roll forward" : "release v2 first";
    throw new Error(`${version} needs ${gone.join(", ")}, which is not there: ${advice}`);
  }
  const made = isFirst ? ["people"] : added;
  return made.length === 0 ? NOTHING : `made ${made.join(", ")}`;
}

function addParts(database: DatabaseSync): readonly string[] {
  // Without a default there is no pass over the table: the lock is one of milliseconds, whatever the number of rows.
  const added = missing(database, ["given_name", "family_name"]);
  for (const column of added) database.exec(`ALTER TABLE people ADD COLUMN ${column} TEXT`);
  if (!columnsOf(database).includes("name")) return added;
  for (const [name, body] of Object.entries(TRIGGERS)) database.exec(`CREATE TRIGGER IF NOT EXISTS ${name} ${body}`);
  return added;
}

/**
 * Takes away what no release before `version` may need any more. Refused, with the names, while a process that needs it is there. The
 * transaction that looks is the one that takes away, and who starts after it finds out by its own health check.
 */
export function contract(database: DatabaseSync, version: Version, now: number): string {
  if (version !== "v3" || !columnsOf(database).includes("name")) return NOTHING;
  const users = whoNeeds(database, ["name"], now);
  if (users.length > 0) {
    const shown = users.map((one) => `${one.version} at ${one.address}`).join(", ");
    throw new Error(`name is still needed by ${shown}: stop them, then contract again`);
  }
  verify(database, version);
  for (const name of Object.keys(TRIGGERS)) database.exec(`DROP TRIGGER IF EXISTS ${name}`);
  database.exec("ALTER TABLE people DROP COLUMN name");
  return "dropped name";
}

/** That no row has to be read in its old shape any more. Throws where one has. */
export function verify(database: DatabaseSync, version: Version): string {
  if (version === "v1") return NOTHING;
  const left = countUnfilled(database);
  if (left > 0) throw new Error(`${left} rows have no given_name yet: run the backfill first`);
  return "every row has its new shape";
}

/** Fills in at most `limit` rows after `afterId`: the id of the last one, or null where none is left. */
export function fillBatch(
  database: DatabaseSync,
  afterId: number,
  limit: number,
): { readonly rows: number; readonly lastId: number } | null {
  const ids = database
    .prepare("SELECT id FROM people WHERE id > ? AND given_name IS NULL ORDER BY id LIMIT ?")
    .all(afterId, limit)
    .map(({ id }) => Number(id));
  const lastId = ids.at(-1);
  if (lastId === undefined) return null;
  const { changes } = database
    .prepare(
      `UPDATE people SET given_name = ${given("people")}, family_name = ${family("people")} WHERE id > ? AND id <= ? AND given_name IS NULL`,
    )
    .run(afterId, lastId);
  return { rows: Number(changes), lastId };
}

function countUnfilled(database: DatabaseSync): number {
  const row = database.prepare("SELECT count(*) AS rows FROM people WHERE given_name IS NULL OR family_name IS NULL").get();
  return Number(row?.rows);
}
