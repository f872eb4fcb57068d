import type { Cursor } from "./cursor.ts";

/** Code points, both ends included. */
export type Range = readonly [from: number, to: number];

/** What a pattern says, before it is compiled. */
export type Node =
  | { readonly is: "set"; readonly ranges: readonly Range[]; readonly not: boolean }
  | { readonly is: "all"; readonly of: readonly Node[] }
  | { readonly is: "any"; readonly of: readonly Node[] }
  | { readonly is: "repeat"; readonly of: Node; readonly least: number; readonly most: number };

/** RE2 refuses counts above 1 000, and so does this. */
const MOST_REPEATS = 1000;
const DEEPEST = 50;

const DIGITS: readonly Range[] = [[48, 57]];
const WORD: readonly Range[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const SPACE: readonly Range[] = [
  [9, 10],
  [12, 13],
  [32, 32],
];
const CONTROL: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 };

/** Reads the part of RE2's syntax that label values need, up to the end of the line; complaints carry the cursor's columns. */
export function patternNode(cursor: Cursor): Node {
  const node = alternatives(cursor, 0);
  if (!cursor.done) cursor.fail(`unexpected ${cursor.shown()} in the pattern`);
  return node;
}

function alternatives(cursor: Cursor, depth: number): Node {
  if (depth > DEEPEST) cursor.fail("the pattern is nested too deeply");
  const of = [sequence(cursor, depth)];
  while (cursor.skip("|")) of.push(sequence(cursor, depth));
  return { is: "any", of };
}

function sequence(cursor: Cursor, depth: number): Node {
  const of: Node[] = [];
  const start = cursor.at;
  while (!cursor.done && !"|)".includes(cursor.here)) {
    // The whole pattern is anchored, so that these say nothing new at its ends, and can only be a mistake elsewhere.
    if (depth === 0 && cursor.at === start && cursor.skip("^")) continue;
    if (depth === 0 && cursor.here === "$" && /^\$(?:\||$)/.test(cursor.line.slice(cursor.at))) cursor.at += 1;
    else of.push(repeated(cursor, depth));
  }
  return { is: "all", of };
}

function repeated(cursor: Cursor, depth: number): Node {
  let node = atom(cursor, depth);
  for (let count = 0; ; count += 1) {
    const start = cursor.at;
    const bounds = quantifier(cursor);
    if (bounds === null) return node;
    if (count > 0) cursor.fail("a second repetition in a row", start);
    cursor.skip("?"); // Lazy or greedy: the same values match.
    node = { is: "repeat", of: node, least: bounds[0], most: bounds[1] };
  }
}

function quantifier(cursor: Cursor): Range | null {
  const start = cursor.at;
  if (cursor.skip("*")) return [0, Infinity];
  if (cursor.skip("+")) return [1, Infinity];
  if (cursor.skip("?")) return [0, 1];
  const counted = cursor.take(/\{\d+(?:,\d*)?\}/y);
  if (counted === null) return null;
  const [low = "", high] = counted.slice(1, -1).split(",");
  const least = Number(low);
  const most = high === undefined ? least : high === "" ? Infinity : Number(high);
  if (least > most) cursor.fail(`${counted} is the wrong way round`, start);
  if (least > MOST_REPEATS || (most !== Infinity && most > MOST_REPEATS)) {
    cursor.fail(`${counted} repeats more than ${MOST_REPEATS} times`, start);
  }
  return [least, most];
}

function atom(cursor: Cursor, depth: number): Node {
  const start = cursor.at;
  if (cursor.skip(".")) return { is: "set", ranges: [], not: true };
  if (cursor.skip("[")) return bracket(cursor, start);
  if (cursor.skip("(")) return group(cursor, depth, start);
  if (cursor.skip("\\")) return { is: "set", not: false, ranges: escaped(cursor) };
  if ("*+?".includes(cursor.here)) cursor.fail(`nothing before ${cursor.shown()} to repeat`);
  if ("^$".includes(cursor.here)) cursor.fail(`${cursor.shown()} inside a pattern can never match: patterns are anchored`);
  return { is: "set", not: false, ranges: [single(point(cursor))] };
}

function group(cursor: Cursor, depth: number, start: number): Node {
  if (cursor.here === "?" && !cursor.skip("?:") && cursor.take(/\?P?<[A-Za-z_]\w*>/y) === null) {
    cursor.fail("only (…) and (?:…) groups are known, and (?i) at the start; no look-around", start);
  }
  const node = alternatives(cursor, depth + 1);
  if (!cursor.skip(")")) cursor.fail("the group has no closing bracket", start);
  return node;
}

function bracket(cursor: Cursor, start: number): Node {
  const not = cursor.skip("^");
  const ranges: Range[] = [];
  for (let first = true; first || cursor.here !== "]"; first = false) {
    if (cursor.done) cursor.fail("the set has no closing bracket", start);
    if (cursor.here === "[" && cursor.line.startsWith("[:", cursor.at)) cursor.fail("sets such as [:alpha:] are not known");
    const low = member(cursor);
    const from = low[0];
    const ranged = low.length === 1 && cursor.here === "-" && cursor.line.charAt(cursor.at + 1) !== "]";
    if (!ranged || from === undefined || from[0] !== from[1]) {
      ranges.push(...low);
      continue;
    }
    cursor.at += 1;
    const to = member(cursor)[0];
    if (to === undefined || to[0] !== to[1] || to[0] < from[0]) cursor.fail("the set has a range the wrong way round", start);
    ranges.push([from[0], to[0]]);
  }
  cursor.at += 1;
  return { is: "set", ranges, not };
}

function member(cursor: Cursor): readonly Range[] {
  if (cursor.skip("\\")) return escaped(cursor);
  if (cursor.done) cursor.fail("the set has no closing bracket");
  return [single(point(cursor))];
}

function escaped(cursor: Cursor): readonly Range[] {
  const char = cursor.here;
  if (char === "") cursor.fail("the pattern ends with a backslash");
  const hex = cursor.take(/x(?:[0-9a-fA-F]{2}|\{[0-9a-fA-F]{1,6}\})/y);
  if (hex !== null) return [single(Number.parseInt(hex.replace(/[x{}]/g, ""), 16))];
  cursor.at += 1;
  switch (char) {
    case "d":
      return DIGITS;
    case "w":
      return WORD;
    case "s":
      return SPACE;
    case "D":
      return outside(DIGITS);
    case "W":
      return outside(WORD);
    case "S":
      return outside(SPACE);
  }
  const control = Object.hasOwn(CONTROL, char) ? CONTROL[char] : undefined;
  if (control !== undefined) return [single(control)];
  if (/\w/.test(char)) cursor.fail(`\\${char} is not known in a pattern`, cursor.at - 2);
  cursor.at -= 1;
  return [single(point(cursor))];
}

function point(cursor: Cursor): number {
  const code = cursor.line.codePointAt(cursor.at) ?? 0;
  cursor.at += code > 0xffff ? 2 : 1;
  return code;
}

function single(code: number): Range {
  return [code, code];
}

function outside(ranges: readonly Range[]): readonly Range[] {
  const rest: Range[] = [];
  let from = 0;
  for (const [low, high] of ranges) {
    if (low > from) rest.push([from, low - 1]);
    from = high + 1;
  }
  return [...rest, [from, 0x10ffff]];
}
