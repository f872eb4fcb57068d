import type { Cursor } from "./cursor.ts";

/** Go's float syntax without hexadecimal and underscores; `Number` alone takes `0x1`, `""` and refuses `+Inf`. */
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const WORD = /[^ \t]+/y;
const INTEGER = /^[+-]?\d{1,19}$/;

/** The number that a token of a metrics page says; null where it is none, or too large for a double. */
export function numberOf(token: string): number | null {
  if (FLOAT.test(token)) {
    const value = Number(token);
    return Number.isFinite(value) ? value : null;
  }
  const infinite = INFINITE.exec(token);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  return /^nan$/i.test(token) ? Number.NaN : null;
}

/** Whole milliseconds of a text page's timestamp; null where the token is no such number. */
export function millisecondsOf(token: string): number | null {
  return INTEGER.test(token) && fitsInt64(token) ? Number(token) : null;
}

/** Milliseconds of an OpenMetrics timestamp, which is in seconds and may have a fraction. */
export function secondsOf(token: string): number | null {
  const value = FLOAT.test(token) ? Number(token) * 1000 : Number.NaN;
  return Number.isFinite(value) ? Math.round(value) : null;
}

function fitsInt64(token: string): boolean {
  const value = BigInt(token.startsWith("+") ? token.slice(1) : token);
  return BigInt.asIntN(64, value) === value;
}

/** Reads a value up to the next blank. */
export function valueHere(cursor: Cursor, what: string): number {
  const start = cursor.at;
  const token = cursor.take(WORD);
  if (token === null) cursor.fail(`${what} is missing`);
  const value = numberOf(token);
  if (value !== null) return value;
  if (token.endsWith("\r")) cursor.fail("the line ends with a carriage return; lines end with a newline alone", cursor.at - 1);
  cursor.fail(`${what} is "${token.slice(0, 60)}", which is not a number`, start);
}
