import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Why nginx's workers do not see the tables, and what to do: a folder on the way that others may not search. */
export async function probeProblem(tables: string): Promise<string> {
  const closed: string[] = [];
  for (let path = tables; path !== dirname(path); path = dirname(path)) {
    const found = await stat(path).catch(() => null);
    if (found !== null && (found.mode & 0o001) === 0) closed.unshift(path);
  }
  const what = `nginx's workers do not see the live tables in ${tables}`;
  if (closed.length === 0)
    return `${what}; let them read it (mount it into nginx's container at the same path?), or set nginx.tables to another folder`;
  return `${what}: ${closed.join(", ")} may not be searched by others; run: chmod o+x ${closed.join(" ")}`;
}
