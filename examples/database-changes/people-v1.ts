import type { DatabaseSync } from "node:sqlite";
import type { People } from "./people.ts";

/** The first release: a name is one text. It has never heard of other columns, and works beside them. */
export function peopleV1(database: DatabaseSync): People {
  // Columns are named: `SELECT *` and an INSERT without a list break with the first column that somebody else adds.
  const add = database.prepare("INSERT INTO people (name) VALUES (?)");
  const rename = database.prepare("UPDATE people SET name = ? WHERE id = ?");
  const find = database.prepare("SELECT name FROM people WHERE id = ?");
  return {
    add: (name) => Number(add.run(name).lastInsertRowid),
    rename: (id, name) => rename.run(name, id).changes === 1,
    find: (id) => {
      const row = find.get(id);
      return row === undefined ? null : { id, name: String(row.name) };
    },
  };
}
