import type { DatabaseSync } from "node:sqlite";
import { joined, type People, split } from "./people.ts";

/** The last release: it neither reads nor writes `name`, which may be there or not. */
export function peopleV3(database: DatabaseSync): People {
  const add = database.prepare("INSERT INTO people (given_name, family_name) VALUES (?, ?)");
  const rename = database.prepare("UPDATE people SET given_name = ?, family_name = ? WHERE id = ?");
  const find = database.prepare("SELECT given_name, family_name FROM people WHERE id = ?");
  return {
    add: (name) => {
      const { given, family } = split(name);
      return Number(add.run(given, family).lastInsertRowid);
    },
    rename: (id, name) => {
      const { given, family } = split(name);
      return rename.run(given, family, id).changes === 1;
    },
    find: (id) => {
      const row = find.get(id);
      return row === undefined ? null : { id, name: joined({ given: String(row.given_name), family: String(row.family_name) }) };
    },
  };
}
