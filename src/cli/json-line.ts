/** Why and where a text is not JSON, or the value that it holds; `column` counts from 1. */
export type JsonLine =
  | { readonly ok: true; readonly value: unknown; readonly columns: ReadonlyMap<string, number> }
  | { readonly ok: false; readonly column: number; readonly message: string };

class Wrong extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const BLANKS = /[ \t\r\n]*/y;
const MOST_DEPTH = 64;

/**
 * Reads one JSON text and notes in which column each value begins, by path (`canary.n`, `latencies[2]`; the whole is the empty path).
 *
 * `JSON.parse` tells no place for most mistakes, and never one for a value that is JSON but not what was asked for.
 */
export function readJsonLine(text: string): JsonLine {
  const columns = new Map<string, number>();
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    at += found?.length ?? 0;
    return found;
  };
  const next = (): string => {
    match(BLANKS);
    return text[at] ?? "";
  };
  const expect = (mark: string, instead: string): void => {
    if (next() !== mark) throw new Wrong(at, instead);
    at += 1;
  };
  const many = (close: string, one: (index: number) => void): void => {
    at += 1;
    if (next() === close) {
      at += 1;
      return;
    }
    for (let index = 0; ; index += 1) {
      one(index);
      if (next() !== ",") break;
      at += 1;
    }
    expect(close, `expected "," or "${close}"`);
  };
  const key = (): string => {
    if (next() !== '"') throw new Wrong(at, "expected a name in double quotes");
    const start = at;
    const found = match(STRING);
    if (found === null) throw new Wrong(start, "a text that does not end, or has a character that is not allowed in it");
    return JSON.parse(found) as string;
  };
  const value = (path: string, depth: number): void => {
    const mark = next();
    columns.set(path, at + 1);
    if (depth > MOST_DEPTH) throw new Wrong(at, `nested deeper than ${MOST_DEPTH} levels`);
    if (mark === "{") {
      many("}", () => {
        const name = key();
        expect(":", 'expected ":" after the name');
        value(path === "" ? name : `${path}.${name}`, depth + 1);
      });
    } else if (mark === "[") {
      many("]", (index) => value(`${path}[${index}]`, depth + 1));
    } else if (mark === '"') {
      key();
    } else if (match(PLAIN) === null) {
      throw new Wrong(at, mark === "" ? "the line ends where a value is expected" : "expected a value");
    }
  };
  try {
    value("", 0);
    if (next() !== "") throw new Wrong(at, "expected nothing more after the value");
    return { ok: true, value: JSON.parse(text), columns };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { ok: false, column: error.at + 1, message: error.message };
  }
}
