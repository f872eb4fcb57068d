import { glob, readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { parseStatements, type Statement } from "./inspect/statement.ts";
import { includePath } from "./inspect/tree.ts";

/** Includes of includes end here: deeper ones are a loop. */
const DEEPEST = 10;

/**
 * What stands in the main context of an nginx configuration, with the includes there followed.
 *
 * Blocks are not looked into, so that this stays cheap however many services there are. A file that cannot be read brings nothing:
 * nginx's own test says so. Paths of modules, which are relative to nginx's prefix, come out absolute.
 */
export async function readMainContext(config: string, prefix: string): Promise<readonly Statement[]> {
  const statements = await readLevel(config, config, DEEPEST);
  return statements.map((one) =>
    one.name === "load_module" ? { ...one, args: one.args.map((path) => below(prefix, path)) } : one,
  );
}

function below(prefix: string, path: string): string {
  return isAbsolute(path) ? path : join(prefix, path);
}

async function readLevel(main: string, file: string, depth: number): Promise<readonly Statement[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const found: Statement[] = [];
  for (const statement of parseStatements(file, text).statements) {
    const pattern = statement.name === "include" && depth > 0 ? statement.args[0] : undefined;
    if (pattern === undefined) found.push(statement);
    else {
      const files: string[] = [];
      for await (const one of glob(includePath(main, pattern))) files.push(one);
      for (const one of files.sort()) found.push(...(await readLevel(main, one, depth - 1)));
    }
  }
  return found;
}
