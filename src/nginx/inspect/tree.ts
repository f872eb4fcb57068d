import { dirname, isAbsolute, join } from "node:path";
import { isGlob, pathMatcher } from "./glob.ts";
import type { Parsed, Problem, Statement } from "./statement.ts";

/**
 * A directive where nginx sees it: includes are followed, so that its parent is the block that it acts in, and its file and
 * line are where a person finds it. A file that is included twice gives two directives with the same file and line.
 */
export type Directive = {
  readonly name: string;
  readonly args: readonly string[];
  readonly file: string;
  readonly line: number;
  /** Line of the `{`; null where there is no block. */
  readonly openLine: number | null;
  readonly endLine: number;
  /** The block that it acts in; null in the main context. */
  readonly parent: Directive | null;
  /** An `include` stays in its place, followed by what it brings in. */
  readonly block: readonly Directive[] | null;
};

/** A whole configuration. */
export type ConfigTree = {
  /** The main file. Relative includes start at its folder. */
  readonly main: string;
  readonly directives: readonly Directive[];
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
};

const MOST = 2_000_000;

/** Puts files together from `main` on, in nginx's order: a pattern's files come sorted bytewise. */
export function buildTree(main: string, files: ReadonlyMap<string, Parsed>): ConfigTree {
  const builder = new Builder(main, files);
  const directives = builder.file(main, null, { file: main, line: 1 });
  return { main, directives, files: [...files.keys()], problems: builder.problems };
}

/** The path or pattern that an include of a configuration names. */
export function includePath(main: string, argument: string): string {
  return isAbsolute(argument) ? argument : join(dirname(main), argument);
}

/** Every directive of a list, depth first, in nginx's order. */
export function everyDirective(directives: readonly Directive[]): Directive[] {
  const found: Directive[] = [];
  const visit = (list: readonly Directive[]) => {
    for (const directive of list) {
      found.push(directive);
      if (directive.block !== null) visit(directive.block);
    }
  };
  visit(directives);
  return found;
}

/** The nearest enclosing block of that name, or null. */
export function within(directive: Directive, name: string): Directive | null {
  for (let block = directive.parent; block !== null; block = block.parent) if (block.name === name) return block;
  return null;
}

/** The directives of that name that are in force in a block: those of the nearest block that has any, as nginx inherits them. */
export function inForce(block: Directive | null, name: string): readonly Directive[] {
  for (let level = block; level !== null; level = level.parent) {
    const found = (level.block ?? []).filter((directive) => directive.name === name);
    if (found.length > 0) return found;
  }
  return [];
}

class Builder {
  readonly problems: Problem[] = [];
  readonly #main: string;
  readonly #files: ReadonlyMap<string, Parsed>;
  readonly #sorted: readonly string[];
  readonly #told = new Set<string>();
  readonly #matches = new Map<string, readonly string[]>();
  readonly #open: string[] = [];
  #count = 0;

  constructor(main: string, files: ReadonlyMap<string, Parsed>) {
    this.#main = main;
    this.#files = files;
    this.#sorted = [...files.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  file(file: string, parent: Directive | null, from: { file: string; line: number }): Directive[] {
    if (this.#open.includes(file)) {
      this.problems.push({ code: "include-loop", file: from.file, line: from.line, message: `the file ${file} includes itself` });
      return [];
    }
    this.#open.push(file);
    const directives = this.#expand(this.#statements(file, from), file, parent);
    this.#open.pop();
    return directives;
  }

  #statements(file: string, from: { file: string; line: number }): readonly Statement[] {
    const parsed = this.#files.get(file);
    if (parsed === undefined) {
      const message = `the file ${file} does not exist or cannot be read: nginx refuses the whole configuration`;
      this.problems.push({ code: "include-missing", file: from.file, line: from.line, message });
    } else if (!this.#told.has(file)) {
      this.problems.push(...parsed.problems);
    }
    this.#told.add(file);
    return parsed?.statements ?? [];
  }

  #expand(statements: readonly Statement[], file: string, parent: Directive | null): Directive[] {
    const directives: Directive[] = [];
    for (const statement of statements) {
      this.#count += 1;
      if (this.#count === MOST) {
        const message = `includes expand to more than ${MOST} directives: the rest is not looked at`;
        this.problems.push({ code: "include-loop", file, line: statement.line, message });
      }
      if (this.#count >= MOST) break;
      const block: Directive[] | null = statement.block === null ? null : [];
      const directive: Directive = { ...statement, file, parent, block };
      directives.push(directive);
      if (statement.block !== null) block?.push(...this.#expand(statement.block, file, directive));
      else if (statement.name === "include") {
        for (const path of this.#included(statement.args[0] ?? "")) directives.push(...this.file(path, parent, directive));
      }
    }
    return directives;
  }

  #included(argument: string): readonly string[] {
    const path = includePath(this.#main, argument);
    if (!isGlob(path)) return [path];
    const known = this.#matches.get(path);
    if (known !== undefined) return known;
    const found = this.#sorted.filter(pathMatcher(path));
    this.#matches.set(path, found);
    return found;
  }
}
