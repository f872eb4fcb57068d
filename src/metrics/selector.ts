import { compile } from "./automaton.ts";
import { Cursor, Fault } from "./cursor.ts";
import { METRIC_NAME } from "./labels.ts";
import type { Labels } from "./page.ts";

/** One condition on a label; a label that a series lacks counts as empty. */
export type Matcher = {
  readonly label: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
  readonly holds: (value: string) => boolean;
};

/** Which series are meant. `name` is null where only the labels say so. */
export type Selector = { readonly text: string; readonly name: string | null; readonly matchers: readonly Matcher[] };

export type ParsedSelector =
  | { readonly ok: true; readonly selector: Selector }
  | { readonly ok: false; readonly column: number; readonly message: string };

const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPS = ["=~", "!~", "!=", "="] as const;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" };

/**
 * Reads a selector in PromQL's syntax: `name{a="b", c!="d", e=~"re", f!~"re"}`.
 *
 * Ranges, offsets and functions are no selectors: Sluice takes increases itself. `column` counts from 1.
 */
export function parseSelector(text: string): ParsedSelector {
  try {
    return { ok: true, selector: selector(new Cursor(text)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, column: error.column, message: error.message };
  }
}

/** Whether a selector means this series. */
export function matches(selector: Selector, name: string, labels: Labels): boolean {
  if (selector.name !== null && selector.name !== name) return false;
  return selector.matchers.every(({ label, holds }) => {
    if (label === "__name__") return holds(name);
    return holds((Object.hasOwn(labels, label) ? labels[label] : undefined) ?? "");
  });
}

function selector(cursor: Cursor): Selector {
  cursor.take(SPACE);
  let name = cursor.take(METRIC_NAME);
  cursor.take(SPACE);
  const matchers: Matcher[] = [];
  if (cursor.skip("{")) name = inside(cursor, name, matchers);
  else if (name === null) cursor.fail(`wants a metric name or "{", has ${cursor.shown()}`);
  cursor.take(SPACE);
  if (!cursor.done) complain(cursor);
  if (name === null && matchers.every(({ holds }) => holds(""))) {
    cursor.fail("matches every series: name a metric, or a label that must not be empty", 0);
  }
  return { text: cursor.line.trim(), name, matchers };
}

function complain(cursor: Cursor): never {
  if (cursor.here === "[") cursor.fail("a range such as [5m] is not wanted here: the metric's window says how far back to look");
  if (cursor.here === "(") cursor.fail("functions such as rate() are not wanted here: Sluice takes the increase itself");
  cursor.fail(`wants the end of the selector, has ${cursor.shown()}`);
}

function inside(cursor: Cursor, outer: string | null, matchers: Matcher[]): string | null {
  let name = outer;
  for (;;) {
    cursor.take(SPACE);
    if (cursor.skip("}")) return name;
    const start = cursor.at;
    const quoted = "\"`'".includes(cursor.here) && !cursor.done;
    const label = quoted ? text(cursor).value : cursor.take(LABEL_NAME);
    if (label === null) cursor.fail(`wants a label name, has ${cursor.shown()}`);
    if (label === "") cursor.fail("a name is empty", start);
    cursor.take(SPACE);
    if (quoted && /[,}]/.test(cursor.here)) {
      if (name !== null) cursor.fail(`has two metric names, ${name} and "${label}"`, start);
      name = label;
    } else matchers.push(matcher(cursor, label));
    cursor.take(SPACE);
    if (!cursor.skip(",") && cursor.here !== "}") cursor.fail(`wants "," or "}" after a label, has ${cursor.shown()}`);
  }
}

function matcher(cursor: Cursor, label: string): Matcher {
  const op = OPS.find((candidate) => cursor.skip(candidate));
  if (op === undefined) cursor.fail(`wants =, !=, =~ or !~ after the label ${label}, has ${cursor.shown()}`);
  cursor.take(SPACE);
  const start = cursor.at;
  const { value, plain } = text(cursor);
  if (op === "=") return { label, op, value, holds: (has) => has === value };
  if (op === "!=") return { label, op, value, holds: (has) => has !== value };
  const test = pattern(value, plain ? start + 1 : start);
  return { label, op, value, holds: op === "=~" ? test : (has) => !test(has) };
}

/** Compiles a pattern. Where it was written without escapes, a complaint points into it. */
function pattern(value: string, offset: number): (value: string) => boolean {
  try {
    return compile(new Cursor(value));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(offset + error.column, `the pattern "${value}": ${error.message}`);
  }
}

/** A string in single or double quotes with Go's escapes, or in backquotes without any. */
function text(cursor: Cursor): { readonly value: string; readonly plain: boolean } {
  const start = cursor.at;
  const quote = cursor.here;
  if (quote === "" || !"\"`'".includes(quote)) cursor.fail(`wants a quoted text, has ${cursor.shown()}`);
  cursor.at += 1;
  let value = "";
  let plain = true;
  for (;;) {
    if (cursor.done) cursor.fail("the text has no closing quote", start);
    if (cursor.skip(quote)) return { value, plain };
    if (cursor.here === "\\" && quote !== "`") {
      value += escaped(cursor, quote);
      plain = false;
    } else {
      value += cursor.here;
      cursor.at += 1;
    }
  }
}

function escaped(cursor: Cursor, quote: string): string {
  const start = cursor.at;
  cursor.at += 1;
  const code = cursor.take(/x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}/y);
  if (code !== null) {
    const point = /^[xuU]/.test(code) ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8);
    if (point > 0x10ffff) cursor.fail(`\\${code} is no character`, start);
    return String.fromCodePoint(point);
  }
  const char = cursor.here;
  cursor.at += 1;
  if (char === "\\" || char === quote) return char;
  const known = Object.hasOwn(ESCAPES, char) ? ESCAPES[char] : undefined;
  if (known === undefined) cursor.fail(`unknown escape \\${char}; write \\\\${char} for a pattern, or use backquotes`, start);
  return known;
}
