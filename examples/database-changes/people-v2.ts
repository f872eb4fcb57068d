import type { DatabaseSync } from "node:sqlite";
import { joined, type People, split } from "./people.ts";

/** The release between: it writes both shapes, and reads the new one, or the old one where a row has not been filled in yet. */
export function peopleV2(database: DatabaseSync): People {
  const add = database.prepare("INSERT INTO people (name, given_name, family_name) VALUES (?, ?, ?)");
  // One statement: nobody sees a row of which the shapes differ.
  const rename = database.prepare("UPDATE people SET name = ?, given_name = ?, family_name = ? WHERE id = ?");
  const find = database.prepare("SELECT name, given_name, family_name FROM people WHERE id = ?");
  return {
    add: (name) => {
      const { given, family } = split(name);
      return Number(add.run(name, given, family).lastInsertRowid);
    },
    rename: (id, name) => {
      const { given, family } = split(name);
      return rename.run(name, given, family, id).changes === 1;
    },
    find: (id) => {
      const row = find.get(id);
      if (row === undefined) return null;
      const isFilled = row.given_name !== null && row.family_name !== null;
      return {
        id,
        name: isFilled ? joined({ given: String(row.given_name), family: String(row.family_name) }) : String(row.name),
      };
    },
  };
}
