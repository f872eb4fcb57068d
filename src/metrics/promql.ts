import { type Ms, never } from "../core/units.ts";
import { Unaskable } from "../secrets/confidence.ts";
import { fillIn, placeholdersIn, unknown, type Values } from "./placeholders.ts";

type Piece = {
  readonly kind: "code" | "comment" | "double" | "single" | "raw";
  readonly text: string;
  /** A string after `=~` or `!~`, which Prometheus reads as a pattern. */
  readonly pattern: boolean;
};

const TOKEN = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|#[^\n]*/g;
const RANGE = /\[\s*((?:\d+(?:ms|[smhdwy]))+)/g;
const UNIT_MS: Readonly<Record<string, Ms>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/**
 * A query with its placeholders filled in: within quotes as the same text, whatever is in it, and within a pattern as text that matches
 * itself alone. Throws an `Unaskable`.
 */
export function fillQuery(query: string, values: Values): string {
  return pieces(query)
    .map((piece) =>
      piece.kind === "comment" ? piece.text : fillIn(piece.text, values, (value, name) => encode(value, name, piece)),
    )
    .join("");
}

/** Why a query cannot be asked for a window, in words; null where it can, as far as that is seen without Prometheus. */
export function queryProblem(query: string, windowMs: Ms): string | null {
  for (const { kind, text } of pieces(query)) {
    if (kind === "comment") continue;
    for (const { written, name } of placeholdersIn(text)) {
      if (name === null) return unknown(written);
      if (kind === "code" && name !== "window") return outside(written);
    }
    if (kind !== "code") continue;
    if (/["'`]/.test(text)) return "has a quote that is not closed";
    for (const [, range = ""] of text.matchAll(RANGE)) {
      // Its answer would have data from before the step in it.
      if (millisecondsIn(range) > windowMs)
        return `[${range}] reaches further back than the window of ${windowMs / 1000} s; write [{{window}}], or set window: ${range}`;
    }
  }
  return null;
}

function outside(written: string): string {
  return `${written} stands outside of quotes; only {{window}} may, so select by a label: {pool="{{pool}}"}`;
}

function pieces(query: string): readonly Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const token of query.matchAll(TOKEN)) {
    const before = query.slice(at, token.index);
    const [text] = token;
    found.push({ kind: "code", text: before, pattern: false });
    found.push({ kind: kindOf(text), text, pattern: /[=!]~\s*$/.test(before) });
    at = token.index + text.length;
  }
  return [...found, { kind: "code", text: query.slice(at), pattern: false }];
}

function kindOf(token: string): Piece["kind"] {
  if (token.startsWith("#")) return "comment";
  if (token.startsWith("`")) return "raw";
  return token.startsWith('"') ? "double" : "single";
}

function encode(value: string, name: string, { kind, pattern }: Piece): string {
  const text = pattern ? value.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&") : value;
  switch (kind) {
    case "code":
      if (name !== "window") throw new Unaskable(outside(`{{${name}}}`));
      return value;
    case "raw":
      if (/[`\r]/.test(text)) throw new Unaskable(`{{${name}}} holds a backtick, and stands within backticks: use " instead`);
      return text;
    case "double":
      return escaped(text).replaceAll('"', '\\"');
    case "single":
      return escaped(text).replaceAll("'", "\\'");
    case "comment":
      return text;
    default:
      return never(kind);
  }
}

/** The escapes of Go's strings, which are PromQL's. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll(/[\u0000-\u001f\u007f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function millisecondsIn(duration: string): Ms {
  return [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (UNIT_MS[unit] ?? 0),
    0,
  );
}
