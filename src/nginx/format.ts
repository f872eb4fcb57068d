import { isIPv4, isIPv6 } from "node:net";

/**
 * What may stand where in a rendered file: one formatter per place in nginx's grammar.
 *
 * A formatter returns the text for its place, or throws a `FormatError` that says what is allowed there. Nothing is escaped: what
 * would need it is refused.
 */
export class FormatError extends Error {
  constructor(value: unknown, is: string) {
    const shown = typeof value === "string" || typeof value === "number" ? JSON.stringify(value).slice(0, 120) : typeof value;
    super(`${shown} is not ${is}`);
    this.name = "FormatError";
  }
}

export type Formatter = (value: unknown) => string;

/** nginx's hash of variables has buckets of 64 bytes: a longer name keeps it from starting. */
const LONGEST_VARIABLE = 46;
const LOOPBACK = /^127\.\d+\.\d+\.\d+$/;

/** Name of an upstream, a zone, or a part of a variable's name. */
function name(value: unknown): string {
  return matching(value, /^[A-Za-z0-9_]{1,128}$/, "a name (letters, digits and _, at most 128)");
}

/** Name of a service or a pool, as people write it. */
function label(value: unknown): string {
  return matching(value, /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "a service's or pool's name (letters, digits, _ and -, at most 63)");
}

/** A variable's name, without the `$`. */
function variable(value: unknown): string {
  const text = matching(value, /^[A-Za-z0-9_]+$/, "a variable's name (letters, digits and _)");
  if (text.length > LONGEST_VARIABLE)
    throw new FormatError(
      value,
      `short enough for a variable of nginx (at most ${LONGEST_VARIABLE} characters); choose a shorter name`,
    );
  return text;
}

/** `ip:port`; IPv6 in brackets. Never a name, which nginx would resolve while it handles no signal, nor a socket. */
function endpoint(value: unknown): string {
  const is = "an address (IPv4:port or [IPv6]:port)";
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(plain(value, is));
  const [text, v6, v4, port] = found ?? [];
  if (text === undefined || Number(port) > 65_535) throw new FormatError(value, is);
  if (v6 === undefined ? !isIPv4(v4 ?? "") : !isIPv6(v6)) throw new FormatError(value, is);
  return text;
}

/** A whole number from 0. */
function number(value: unknown): string {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new FormatError(value, "a whole number from 0");
  return String(value);
}

/** A weight: a whole number from 1, and far below what nginx's sums can hold. */
function weight(value: unknown): string {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > 2_000_000_000)
    throw new FormatError(value, "a weight (a whole number from 1 to 2 000 000 000)");
  return String(value);
}

/** A part of the whole in basis points, as a percentage without its sign: 1 to 9 999 give `0.01` to `99.99`. */
function percent(value: unknown): string {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > 9_999)
    throw new FormatError(value, "a part of the whole (1 to 9 999 basis points)");
  return (value / 100).toFixed(2);
}

/** An absolute path, without anything that nginx would read as a quote, a variable or the end of a word. */
function path(value: unknown): string {
  const text = matching(value, /^\/[A-Za-z0-9._/@+,=~%-]*$/, "an absolute path of letters, digits and . _ / @ + , = ~ % -");
  if (text.split("/").includes("..")) throw new FormatError(value, "a path without ..");
  return text;
}

/** Name of a request header, as the variable after `$http_`: `X-Canary` is `x_canary`. */
function header(value: unknown): string {
  return matching(value, /^[A-Za-z][A-Za-z0-9-]{0,63}$/, "a header's name (letters, digits and -, at most 64)")
    .toLowerCase()
    .replaceAll("-", "_");
}

/** Name of a cookie, as the variable after `$cookie_`: nginx has none for other characters. */
function cookie(value: unknown): string {
  return matching(value, /^[A-Za-z0-9_]{1,64}$/, "a cookie's name that nginx can read (letters, digits and _, at most 64)");
}

/** One of the hundred buckets of a level: `00` to `99`. */
function bucket(value: unknown): string {
  return matching(value, /^[0-9]{2}$/, "a bucket (00 to 99)");
}

/** Where the status server listens: nobody else may reach it. */
function listen(value: unknown): string {
  const is = "a loopback address with a port (127.0.0.1:7071, [::1]:7071) or unix: and an absolute path";
  const text = plain(value, is);
  if (text.startsWith("unix:")) return `unix:${path(text.slice("unix:".length))}`;
  const address = endpoint(text);
  if (!LOOPBACK.test(address.slice(0, address.lastIndexOf(":"))) && !/^\[::1\]:/.test(address)) throw new FormatError(value, is);
  return address;
}

/** Text of a comment: one line of plain characters. */
function comment(value: unknown): string {
  return matching(value, /^[\x20-\x7e]{0,200}$/, "one line of plain characters (at most 200)");
}

export const FORMATTERS = {
  name,
  label,
  variable,
  endpoint,
  number,
  weight,
  percent,
  path,
  header,
  cookie,
  bucket,
  listen,
  comment,
} as const;

export type FormatterName = keyof typeof FORMATTERS;

function plain(value: unknown, is: string): string {
  if (typeof value !== "string") throw new FormatError(value, is);
  return value;
}

function matching(value: unknown, pattern: RegExp, is: string): string {
  const text = plain(value, is);
  if (!pattern.test(text)) throw new FormatError(value, is);
  return text;
}
