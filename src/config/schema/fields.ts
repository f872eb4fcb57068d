import * as z from "zod";
import { type Address, parseAddress } from "../address.ts";
import { DURATION_PATTERN, parseDuration } from "../duration.ts";
import { suggest } from "../nearest.ts";
import { parseShare, SHARE_PATTERN } from "../percent.ts";

/** A value as a message names it: short, and quoted where it is a text. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "a block of keys";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What is wrong with `input`, and what is allowed instead. */
export function wrong(input: unknown, allowed: string): string {
  if (input === undefined) return `is missing; it must be ${allowed}`;
  if (input === null) return `is empty; it must be ${allowed}`;
  return `${shown(input)} is not allowed; it must be ${allowed}`;
}

/** The `error` option of a zod schema whose values must be `allowed`. */
export function must(allowed: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: (issue) => wrong(issue.input, allowed) };
}

/** A map with exactly these keys. The message for unknown keys has a line for each of them, in zod's order. */
export function block<S extends z.core.$ZodLooseShape>(name: string, description: string, shape: S) {
  const known = Object.keys(shape);
  const error = (issue: { readonly code?: string; readonly input?: unknown; readonly keys?: unknown }) =>
    issue.code === "unrecognized_keys" && Array.isArray(issue.keys)
      ? issue.keys.map((key) => `is not a key of ${name}; ${suggest(String(key), known)}`).join("\n")
      : wrong(issue.input, `a block with the keys ${known.join(", ")}`);
  return z.strictObject(shape, { error }).describe(description);
}

/** A text that `parse` turns into a value; undefined from it is the error that names what is allowed. */
export function text<T>(description: string, allowed: string, parse: (text: string) => T | undefined, pattern?: string) {
  return z
    .string(must(allowed))
    .meta({ description, ...(pattern === undefined ? {} : { pattern }) })
    .transform((input, context): T => {
      const value = parse(input);
      if (value !== undefined) return value;
      context.addIssue({ code: "custom", message: wrong(input, allowed), input });
      return z.NEVER;
    });
}

/** A duration in milliseconds, from 0. */
export function duration(description: string) {
  return text(
    description,
    "a duration with its unit, such as 250ms, 5s, 10m or 1h (at most 500h)",
    parseDuration,
    DURATION_PATTERN,
  );
}

/** A duration in milliseconds, above 0. */
export function period(description: string) {
  const parse = (input: string) => parseDuration(input) || undefined;
  return text(
    description,
    "a duration above 0 with its unit, such as 250ms, 5s, 10m or 1h (at most 500h)",
    parse,
    DURATION_PATTERN,
  );
}

/** A share in basis points, above 0. */
export function share(description: string) {
  const parse = (input: string) => parseShare(input) || undefined;
  return text(
    description,
    "a percentage above 0% and up to 100%, no finer than 0.01%, such as 5% or 0.25%",
    parse,
    SHARE_PATTERN,
  );
}

/** A text from a fixed list. */
export function choice<const T extends readonly [string, ...string[]]>(description: string, values: T) {
  return z.enum(values, must(values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}`)).describe(description);
}

/** A whole number within bounds, both included. */
export function whole(description: string, from: number, to: number) {
  const allowed = must(`a whole number from ${from} to ${to}`);
  return z.number(allowed).int(allowed).min(from, allowed).max(to, allowed).describe(description);
}

export function port(description: string) {
  return whole(description, 1, 65_535);
}

/** `host:port` with a port above 0, as `Address`. */
export function address(description: string) {
  const allowed = "host:port, with IPv6 in brackets and a port from 1 to 65535, such as 127.0.0.1:8001 or [::1]:8001";
  return text<Address>(description, allowed, (input) => {
    const parsed = parseAddress(input);
    return parsed === undefined || parsed.port === 0 ? undefined : parsed;
  });
}

/** Printable text on one line, so that it can stand in a log, a header or a file name. */
export function line(description: string, allowed: string, longest = 1_024) {
  return text(description, allowed, (input) => (/^[\x20-\x7e]+$/.test(input) && input.length <= longest ? input : undefined));
}

/** Has a variable of the environment in it that is filled in, as opposed to `$${`. */
export const SECRET = /(?:^|[^$])\$\{[A-Za-z_]/;

export function path(description: string) {
  return line(description, "a path (relative ones start at the folder of this file)");
}

/** The path of a request: starts with `/`, may have a query, and has no blank or fragment. */
export function requestPath(description: string) {
  const parse = (input: string) => (/^\/[\x21\x22\x24-\x7e]*$/.test(input) && input.length <= 1_024 ? input : undefined);
  return text(description, "a path that starts with / and has no blank and no #, such as /healthz", parse, "^/");
}

/** A header that nginx reads as a variable: letters, digits and `-`. */
export function headerName(description: string) {
  return text(description, "a header's name: letters, digits and -, starting with a letter, at most 40", (input) =>
    isHeaderName(input) ? input : undefined,
  );
}

/** A cookie that nginx reads as a variable: letters, digits and `_`. */
export function cookieName(description: string) {
  return text(description, "a cookie's name: letters, digits and _, at most 40", (input) =>
    isCookieName(input) ? input : undefined,
  );
}

/** nginx drops headers with `_`, and a variable cannot name the other characters of a token. */
export function isHeaderName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9-]{0,39}$/.test(name);
}

/** A variable `$cookie_NAME` ends at the first character that is none of these. */
export function isCookieName(name: string): boolean {
  return /^[A-Za-z0-9_]{1,40}$/.test(name);
}

export const NAME_ALLOWED = "a name of lower-case letters, digits and -, starting with a letter, at most 40 long";

/** The key of a map of named things. */
export function name(description: string) {
  return z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, must(NAME_ALLOWED))
    .describe(description);
}

/** A map of named things. */
export function named<V extends z.core.SomeType>(key: string, value: V, allowed: string) {
  return z.record(name(key), value, must(allowed));
}

/** A field that may be left out, and is then null. */
export function orNull<V extends z.core.SomeType>(schema: V) {
  return z.optional(schema).transform((value) => value ?? null);
}
