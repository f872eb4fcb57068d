import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { build } from "./build.ts";
import type { Config } from "./config.ts";
import { type Env, fill } from "./env.ts";
import { ConfigError, type Problem } from "./errors.ts";
import { valueAt } from "./issues.ts";
import { judge } from "./semantics/check.ts";
import type { TextRules } from "./semantics/rule.ts";
import { formatPath, type Path, readSource } from "./source.ts";
import { structure } from "./structure.ts";

/** The grammars of the metrics, which the caller brings; a text that nobody brings a grammar for is not judged. */
export type LoadOptions = Partial<TextRules>;

/** Reads a configuration file. Rejects with a `ConfigError` that holds everything that is wrong with it. */
export async function loadConfig(path: string, env: Env, options: LoadOptions = {}): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot be read (${reason}); name another file with --config, or write one with sluice init`;
    throw new ConfigError([{ file: path, line: 0, column: 0, path: "", message }], "");
  }
  return parseConfig(text, path, env, options);
}

/**
 * Turns the text of a configuration into settings. `file` names it in messages, and its folder is where relative paths start.
 *
 * Throws a `ConfigError` with all problems, in the order of the file.
 */
export function parseConfig(text: string, file: string, env: Env, options: LoadOptions = {}): Config {
  const source = readSource(text, file, env);
  if (source.data === null && source.problems.length > 0) throw new ConfigError(source.problems, text);
  const { findings, parsed, data, unreadable } = structure(source.data);
  const settings = build(parsed, dirname(resolve(file)));
  const silent = () => null;
  const texts = { selectorProblem: silent, queryProblem: silent, pickProblem: silent, ...options };
  const filled = (written: string): string => {
    const result = fill(written, env);
    return result.is === "filled" ? result.text : written;
  };
  const written = (path: Path): unknown => valueAt(data, path);
  const judged = judge({ settings, written, original: (path) => valueAt(source.data, path), texts, fill: filled }).filter(
    (one) => !unreadable.some((section) => refersTo(one.path, section)),
  );
  // A place whose text could not even be filled in has been told of already.
  const said = new Set(source.problems.map((problem) => problem.path));
  const wrong = [...findings, ...judged.filter((one) => one.level === "problem")].filter(
    (one) => !said.has(formatPath(one.path)),
  );
  const problems = inOrder([...source.problems, ...wrong.map(source.locate)]);
  if (problems.length > 0) throw new ConfigError(problems, text);
  return { ...settings, warnings: inOrder(judged.map(source.locate)) };
}

/** True where what was said at `path` came from a section that could not be read, so that it was its default that was judged. */
function refersTo(path: Path, section: string): boolean {
  return path[0] === section || (section === "nginx" && path[2] === "targets") || (section === "state" && path[0] === "nginx");
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
