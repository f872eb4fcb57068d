import type { DatabaseSync } from "node:sqlite";
import { transaction } from "./database.ts";

/** What somebody is called who is there before the story begins: some have one word for a name, some have three. */
export function seedName(id: number): string {
  if (id % 5 === 0) return `Single${id}`;
  return id % 5 === 1 ? `Ann van Dijk${id}` : `Bo Berg${id}`;
}

/** People as the first release writes them, with the ids from 1 on. */
export function seed(database: DatabaseSync, count: number): void {
  const add = database.prepare("INSERT INTO people (id, name) VALUES (?, ?)");
  transaction(database, () => {
    for (let id = 1; id <= count; id += 1) add.run(id, seedName(id));
  });
}
