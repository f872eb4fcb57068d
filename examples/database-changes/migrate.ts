#!/usr/bin/env node
/**
 * The hooks of sluice.yaml: `migrate.ts expand|backfill|verify|contract VERSION`. Also run by hand. The file of the database is DATABASE.
 * Exit code 0 where it is done, or was done already; 1 where it is refused, with the reason as the last line.
 */
import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { contract, expand, fillBatch, verify } from "./changes.ts";
import { openDatabase, transaction } from "./database.ts";
import { type Version, versionOf } from "./releases.ts";

/** Short transactions with a pause between them: users' writes wait for one batch at the most. */
const BATCH_ROWS = 200;
const PAUSE_MS = 20;

async function run(database: DatabaseSync, work: string | undefined, version: Version, key: string | null): Promise<string> {
  switch (work) {
    case "expand":
      return once(database, key, () => expand(database, version));
    case "backfill":
      return version === "v1" ? "nothing to do" : backfill(database);
    case "verify":
      return verify(database, version);
    case "contract":
      return once(database, key, () => contract(database, version, Date.now()));
    default:
      throw new Error(`${work ?? "nothing"} is no work: it is one of expand, backfill, verify, contract`);
  }
}

/**
 * Does work and writes a line about it, both or neither. SLUICE_KEY is the same for every try of the same hook, so that a try after a kill
 * adds no second line. That is what it is for: what cannot be looked up as a column can, such as a line, a mail or a number that rises.
 */
function once(database: DatabaseSync, key: string | null, work: () => string): string {
  return transaction(database, () => {
    const said = work();
    // The first expand step makes the table.
    database.prepare("INSERT OR IGNORE INTO changes (key, said) VALUES (?, ?)").run(key ?? randomUUID(), said);
    return said;
  });
}

/** Begins at the first row that is left, wherever an earlier run was stopped. */
async function backfill(database: DatabaseSync): Promise<string> {
  let rows = 0;
  let lastId = 0;
  for (;;) {
    const from = lastId;
    const batch = transaction(database, () => fillBatch(database, from, BATCH_ROWS));
    if (batch === null) return rows === 0 ? "nothing to do" : `filled in ${rows} rows`;
    rows += batch.rows;
    lastId = batch.lastId;
    await sleep(PAUSE_MS);
  }
}

const { DATABASE, SLUICE_KEY } = process.env;
if (DATABASE === undefined || DATABASE === "") throw new Error("DATABASE names no file");
const [work, name] = process.argv.slice(2);
const database = openDatabase(DATABASE);
try {
  const version = versionOf(name);
  const said = await run(database, work, version, SLUICE_KEY ?? null);
  console.log(`${work} ${version}: ${said}`);
} catch (error) {
  console.error(`${work} ${name}: refused: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  database.close();
}
