import type { DatabaseSync } from "node:sqlite";
import { columnsOf } from "./database.ts";

/** The parts of a name, and a name of its parts, in SQL; `row` is `NEW`, `OLD` or `people`. The same as `split` and `joined`. */
export const given = (row: string) =>
  `CASE instr(${row}.name, ' ') WHEN 0 THEN ${row}.name ELSE substr(${row}.name, 1, instr(${row}.name, ' ') - 1) END`;
export const family = (row: string) =>
  `CASE instr(${row}.name, ' ') WHEN 0 THEN '' ELSE substr(${row}.name, instr(${row}.name, ' ') + 1) END`;
export const whole = (row: string) =>
  `${row}.given_name || CASE ${row}.family_name WHEN '' THEN '' ELSE ' ' || ${row}.family_name END`;

/** How the rows of `people` stand. */
export type Audit = {
  readonly rows: number;
  /** Rows that have only the old shape. */
  readonly unfilled: number;
  /** Rows of which the two shapes say different things. */
  readonly apart: number;
  readonly columns: readonly string[];
};

/** Looks at every row, in one statement. */
export function audit(database: DatabaseSync): Audit {
  const columns = columnsOf(database);
  const isNew = columns.includes("given_name");
  const unfilled = isNew ? "sum(given_name IS NULL OR family_name IS NULL)" : "count(*)";
  const apart = isNew && columns.includes("name") ? `sum(given_name IS NOT NULL AND name IS NOT ${whole("people")})` : "0";
  const row = database.prepare(`SELECT count(*) AS rows, ${unfilled} AS unfilled, ${apart} AS apart FROM people`).get();
  return { rows: Number(row?.rows), unfilled: Number(row?.unfilled), apart: Number(row?.apart), columns };
}
