import { styleText } from "node:util";
import type { Env, Screen } from "../io.ts";

/** What a text means; the colour follows from it, and never stands alone. */
export type Tone = "good" | "bad" | "warn" | "accent" | "dim" | "bold" | "none";

export type GlyphName = "good" | "bad" | "warn" | "busy" | "wait" | "now" | "next" | "cut" | "arrow" | "full" | "empty";

/** How texts are drawn on one stream. */
export type Style = {
  readonly colour: boolean;
  readonly unicode: boolean;
  /** Columns of the terminal; null where the stream is none, and nothing is ever cut. */
  readonly columns: number | null;
};

const COLOURS = { good: "green", bad: "red", warn: "yellow", accent: "cyan", dim: "dim", bold: "bold" } as const;

const GLYPHS: Readonly<Record<GlyphName, readonly [unicode: string, ascii: string]>> = {
  good: ["✔", "+"],
  bad: ["✖", "x"],
  warn: ["▲", "!"],
  busy: ["◌", "~"],
  wait: ["◷", "?"],
  now: ["▶", ">"],
  next: ["·", "."],
  cut: ["…", "..."],
  arrow: ["→", "->"],
  full: ["█", "#"],
  empty: ["░", "-"],
};

/** Nothing of a terminal: for files, pipes and tests. */
export const BARE: Style = { colour: false, unicode: false, columns: null };

/** The style of a stream. `--no-color` and NO_COLOR come before FORCE_COLOR, which comes before what the stream can do. */
export function styleOf(stream: Screen, env: Env, noColour: boolean): Style {
  return {
    colour: !noColour && hasColour(stream, env),
    unicode: isUtf8(env),
    // A terminal that does not know its size says 0.
    columns: stream.isTTY === true ? stream.columns || 80 : null,
  };
}

/** Text in the colour of its meaning. */
export function paint(style: Style, tone: Tone, text: string): string {
  if (!style.colour || tone === "none" || text === "") return text;
  return styleText(COLOURS[tone], text, { validateStream: false });
}

export function glyph(style: Style, name: GlyphName): string {
  return GLYPHS[name][style.unicode ? 0 : 1];
}

function hasColour(stream: Screen, env: Env): boolean {
  if (set(env.NO_COLOR)) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  if (env.TERM === "dumb" || stream.isTTY !== true) return false;
  return (stream.getColorDepth?.(env) ?? 4) > 2;
}

/** The first of the three that is set decides, as in setlocale(3). */
function isUtf8(env: Env): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(set) ?? "";
  return /utf-?8/i.test(locale) && env.TERM !== "dumb";
}

function set(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}
