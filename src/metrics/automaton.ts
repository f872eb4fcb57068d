import { never } from "../core/units.ts";
import type { Cursor } from "./cursor.ts";
import { type Node, patternNode, type Range } from "./pattern.ts";

type CharSet = { readonly ranges: readonly Range[]; readonly not: boolean };

type Op =
  | ({ readonly op: "set" } & CharSet)
  | { readonly op: "split"; readonly to: readonly number[] }
  | { readonly op: "match" };

/** Bounds what nested counts multiply to. */
const MOST_STATES = 5000;

/**
 * Compiles a pattern of a selector, anchored at both ends; the cursor stands at its start.
 *
 * All states are walked at once (Thompson), so that no pattern takes more than its size times the length of the value.
 * JavaScript's own engine backtracks, and `(a|a)*b` would stop the controller.
 */
export function compile(cursor: Cursor): (text: string) => boolean {
  const fold = cursor.skip("(?i)");
  const node = patternNode(cursor);
  const program: Op[] = [];
  emit(cursor, program, node);
  program.push({ op: "match" });
  return (text) => run(program, text, fold);
}

function emit(cursor: Cursor, program: Op[], node: Node): void {
  if (program.length > MOST_STATES) cursor.fail("the pattern is too large once its repetitions are written out", 0);
  switch (node.is) {
    case "set":
      program.push({ op: "set", ranges: node.ranges, not: node.not });
      return;
    case "all":
      for (const part of node.of) emit(cursor, program, part);
      return;
    case "any":
      emitAny(cursor, program, node.of);
      return;
    case "repeat":
      emitRepeat(cursor, program, node.of, node.least, node.most);
      return;
    default:
      never(node);
  }
}

function emitAny(cursor: Cursor, program: Op[], of: readonly Node[]): void {
  const split = program.push({ op: "match" }) - 1;
  const starts: number[] = [];
  const ends: number[] = [];
  for (const part of of) {
    starts.push(program.length);
    emit(cursor, program, part);
    ends.push(program.push({ op: "match" }) - 1);
  }
  program[split] = { op: "split", to: starts };
  for (const end of ends) program[end] = { op: "split", to: [program.length] };
}

function emitRepeat(cursor: Cursor, program: Op[], of: Node, least: number, most: number): void {
  for (let count = 0; count < least; count += 1) emit(cursor, program, of);
  if (most === Infinity) {
    const split = program.push({ op: "match" }) - 1;
    emit(cursor, program, of);
    program.push({ op: "split", to: [split] });
    program[split] = { op: "split", to: [split + 1, program.length] };
    return;
  }
  const skips: number[] = [];
  for (let count = least; count < most; count += 1) {
    skips.push(program.push({ op: "match" }) - 1);
    emit(cursor, program, of);
  }
  for (const skip of skips) program[skip] = { op: "split", to: [skip + 1, program.length] };
}

function run(program: readonly Op[], text: string, fold: boolean): boolean {
  let states = follow(program, [0]);
  for (const char of text) {
    const next: number[] = [];
    for (const state of states) {
      const op = program[state];
      if (op?.op === "set" && holds(op, char, fold)) next.push(state + 1);
    }
    if (next.length === 0) return false;
    states = follow(program, next);
  }
  return states.has(program.length - 1);
}

/** All states that are reached from `from` without reading a character. */
function follow(program: readonly Op[], from: readonly number[]): Set<number> {
  const seen = new Set<number>();
  const open = [...from];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    const op = program[state];
    if (op?.op === "split") open.push(...op.to);
  }
  return seen;
}

function holds(set: CharSet, char: string, fold: boolean): boolean {
  const codes = fold ? [char, char.toLowerCase(), char.toUpperCase()] : [char];
  const inside = codes.some((one) => {
    const code = one.codePointAt(0) ?? 0;
    return set.ranges.some(([from, to]) => code >= from && code <= to);
  });
  return inside !== set.not;
}
