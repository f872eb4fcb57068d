// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  Scalar,
  type YAMLMap,
} from "yaml";
import { type Env, fill } from "./env.ts";
import type { Problem } from "./errors.ts";
import { isLate } from "./late.ts";

/** Keys and list positions from the top of the file. */
export type Path = readonly (string | number)[];

/** Something to say about a place in the file. `key` points at the name before the colon instead of at the value. */
export type Finding = { readonly path: Path; readonly message: string; readonly at?: "key" | "value" };

/** A parsed file: plain data, and where each part of it was written. */
export type Source = {
  readonly data: unknown;
  /** What the text itself has wrong: not YAML, a key twice, a variable that is not set. */
  readonly problems: readonly Problem[];
  readonly locate: (finding: Finding) => Problem;
};

type Located = { readonly value: unknown; readonly offset: number; readonly children: ReadonlyMap<string | number, Child> };
type Child = { readonly key: number | null; readonly node: Located };

/** Aliases can make a short text stand for millions of nodes; a real configuration is far below this. */
const MOST_NODES = 250_000;

/** `services.web.pools.blue.members[0]`. */
export function formatPath(path: Path): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}

/** Reads YAML into data and places. Variables are filled in after parsing, in scalars only. Never throws. */
export function readSource(text: string, file: string, env: Env): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    version: "1.2",
  });
  const at = (offset: number, path: Path, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return {
      file,
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      path: oneLine(formatPath(path)),
      message: oneLine(message),
    };
  };
  const faults = firstOfEach([...document.errors, ...document.warnings]);
  if (faults.length > 0) {
    const problems = faults.map(({ pos, code, message }) => at(pos[0], [], yamlMessage(text, pos[0], code, message)));
    return { data: null, problems, locate: ({ path, message }) => at(0, path, message) };
  }
  const problems: Problem[] = [];
  const walk = new Walk(
    env,
    (offset, path, message) => problems.push(at(offset, path, message)),
    (alias) => alias.resolve(document),
  );
  const root = walk.visit(document.contents, [], 0);
  return { data: root.value, problems, locate: (finding) => at(offsetOf(root, finding), finding.path, finding.message) };
}

/** A problem is one line, and moves no cursor, whatever the text that it quotes. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}

/** One wrong character makes all that follows unexpected: only the first such fault tells something. */
function firstOfEach<T extends { readonly code: string }>(faults: readonly T[]): T[] {
  return faults.filter(({ code }, index) => faults.findIndex((other) => other.code === code) === index);
}

function yamlMessage(text: string, offset: number, code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return "a second YAML document starts here (---); a configuration is one document";
  const variable =
    text.slice(offset - 1, offset + 1) === "${"
      ? '; within { } and [ ], put a variable in quotes: "${NAME}" (one that is a number needs a line of its own)'
      : "";
  return `is not YAML as Sluice reads it: ${message}${variable}`;
}

/** The place of a path; for one that was not written, the name of its nearest parent that was. */
function offsetOf(root: Located, { path, at = "value" }: Finding): number {
  let here: Child = { key: null, node: root };
  for (const part of path) {
    const child = here.node.children.get(part);
    if (child === undefined) return here.key ?? here.node.offset;
    here = child;
  }
  return at === "key" ? (here.key ?? here.node.offset) : here.node.offset;
}

/** Turns the nodes of the YAML library into data with places, and notes what cannot be used. */
class Walk {
  readonly #env: Env;
  readonly #wrong: (offset: number, path: Path, message: string) => void;
  readonly #resolve: (alias: Alias) => unknown;
  readonly #open = new Set<unknown>();
  #left = MOST_NODES;

  constructor(env: Env, wrong: (offset: number, path: Path, message: string) => void, resolve: (alias: Alias) => unknown) {
    this.#env = env;
    this.#wrong = wrong;
    this.#resolve = resolve;
  }

  visit(node: unknown, path: Path, fallback: number): Located {
    const offset = (node as ParsedNode | null)?.range?.[0] ?? fallback;
    this.#left -= 1;
    if (this.#left < 0)
      return this.#refuse(offset, path, this.#left === -1 ? "the aliases of this file stand for too much; write it out" : null);
    if (isAlias(node)) return this.#alias(node, path, offset);
    if (isMap(node)) return this.#within(node, path, offset, () => this.#map(node, path, offset));
    if (isSeq(node)) {
      return this.#within(node, path, offset, () => {
        const items = node.items.map((item, index) => this.visit(item, [...path, index], offset));
        return {
          value: items.map((item) => item.value),
          offset,
          children: new Map(items.map((item, index) => [index, { key: null, node: item }])),
        };
      });
    }
    return { value: isScalar(node) ? this.#scalar(node, path, offset) : null, offset, children: new Map() };
  }

  #refuse(offset: number, path: Path, message: string | null): Located {
    if (message !== null) this.#wrong(offset, path, message);
    return { value: null, offset, children: new Map() };
  }

  #within(node: unknown, path: Path, offset: number, visit: () => Located): Located {
    if (this.#open.has(node)) return this.#refuse(offset, path, "an alias may not stand for something that it is part of");
    this.#open.add(node);
    const located = visit();
    this.#open.delete(node);
    return located;
  }

  #alias(alias: Alias, path: Path, offset: number): Located {
    const anchored = this.#resolve(alias);
    if (anchored === undefined) return this.#refuse(offset, path, `*${alias.source} names no anchor before it`);
    return this.visit(anchored, path, offset);
  }

  #map(map: YAMLMap, path: Path, offset: number): Located {
    const value: Record<string, unknown> = {};
    const children = new Map<string | number, Child>();
    for (const pair of map.items) {
      const key = (pair.key as ParsedNode | null)?.range?.[0] ?? offset;
      const name = isScalar(pair.key) && pair.key.value !== null && pair.key.value !== "" ? String(pair.key.value) : null;
      const refusal = name === null ? "a key must be a plain, non-empty text" : keyRefusal(name, children.has(name));
      if (name === null || refusal !== null) {
        this.#wrong(key, name === null ? path : [...path, name], refusal ?? "");
        continue;
      }
      const node = this.visit(pair.value, [...path, name], key);
      value[name] = node.value;
      children.set(name, { key, node });
    }
    return { value, offset, children };
  }

  #scalar(scalar: Scalar, path: Path, offset: number): string | number | boolean | null {
    const { value } = scalar;
    if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
    if (typeof value !== "string") {
      this.#wrong(offset, path, "must be a text, a number, true or false");
      return null;
    }
    if (!value.includes("${")) return value;
    const filled = fill(value, this.#env);
    if (filled.is === "filled" && isLate(path)) return value;
    if (filled.is === "filled") return scalar.type === Scalar.PLAIN ? retype(filled.text) : filled.text;
    this.#wrong(offset, path, filled.message);
    return null;
  }
}

function keyRefusal(name: string, twice: boolean): string | null {
  if (twice) return "is there twice; keep one of the two";
  if (name === "__proto__") return "is not a usable name";
  return name === "<<" ? "merge keys are not supported; repeat the keys, or use an alias for a whole value" : null;
}

/** A plain scalar that holds a variable gets the type that it would have had if the value were written there. */
function retype(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(text) ? Number(text) : text;
}
