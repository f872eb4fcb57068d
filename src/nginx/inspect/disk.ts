import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isGlob, partMatcher } from "./glob.ts";
import { includes, type Parsed, type Problem, parseStatements } from "./statement.ts";
import { buildTree, type ConfigTree, includePath } from "./tree.ts";

/**
 * Reads a configuration from the disk, for where `nginx -T` cannot be run or refuses.
 *
 * Never rejects: a file that cannot be read is a problem of the tree. At most `MOST_FILES` files are read.
 */
export async function parseFiles(main: string): Promise<ConfigTree> {
  const files = new Map<string, Parsed>();
  const problems: Problem[] = [];
  const queue = [main];
  const seen = new Set(queue);
  for (let path = queue.shift(); path !== undefined && files.size < MOST_FILES; path = queue.shift()) {
    const text = await readText(path);
    if (typeof text !== "string") {
      if (text.code !== "ENOENT" || path === main)
        problems.push({ code: "unreadable", file: path, line: 1, message: text.message });
      continue;
    }
    const parsed = parseStatements(path, text);
    files.set(path, parsed);
    for (const argument of includes(parsed.statements)) {
      for (const next of await expand(includePath(main, argument))) {
        if (!seen.has(next)) queue.push(next);
        seen.add(next);
      }
    }
  }
  if (!files.has(main)) return { main, directives: [], files: [], problems };
  const tree = buildTree(main, files);
  return { ...tree, problems: [...tree.problems, ...problems] };
}

const MOST_FILES = 20_000;

async function readText(path: string): Promise<string | { code: string; message: string }> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "UNKNOWN";
    return { code, message: `the file ${path} cannot be read (${code})` };
  }
}

async function expand(pattern: string): Promise<readonly string[]> {
  if (!isGlob(pattern)) return [pattern];
  let folders = ["/"];
  const parts = pattern.split("/").filter((part) => part !== "");
  for (const [at, part] of parts.entries()) {
    const last = at === parts.length - 1;
    const next = await Promise.all(folders.map((folder) => (isGlob(part) ? list(folder, part, last) : [join(folder, part)])));
    folders = next.flat();
  }
  return folders.sort();
}

async function list(folder: string, part: string, last: boolean): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const matches = partMatcher(part);
    return entries
      .filter((entry) => matches(entry.name) && !(last && entry.isDirectory()))
      .map((entry) => join(folder, entry.name));
  } catch {
    // What cannot be listed matches nothing, as for nginx's own glob.
    return [];
  }
}
