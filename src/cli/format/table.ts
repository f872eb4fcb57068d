import { glyph, paint, type Style, type Tone } from "./style.ts";
import { clip, plain, width } from "./width.ts";

export type Column = {
  readonly title: string;
  readonly align?: "right";
  /** May be cut where the terminal is narrow; the widest is cut first. */
  readonly shrinks?: true;
  /** Left out where the terminal is too narrow for all of them; the lowest number first. */
  readonly drops?: number;
};

export type Cell = string | { readonly text: string; readonly tone: Tone };

const GAP = "  ";
const LEAST = 8;
/** Rather than cut below this, a column that may be left out is. */
const READABLE = 16;

/** Aligned columns under their titles. Cells lose whatever could drive the terminal; only on a terminal are they cut to fit. */
export function table(all: readonly Column[], cells: readonly (readonly Cell[])[], style: Style): string[] {
  const kept = keptOf(all, cells, style.columns);
  const columns = kept.flatMap((index) => all[index] ?? []);
  const rows = cells.map((row) => kept.map((index) => row[index] ?? ""));
  const texts = rows.map((row) => columns.map((_, index) => plain(textOf(row[index] ?? ""))));
  const widths = fitted(
    columns,
    columns.map((column, index) => Math.max(width(column.title), ...texts.map((row) => width(row[index] ?? "")))),
    style.columns,
  );
  const head = joined(
    columns.map((column) => column.title),
    columns,
    widths,
    style,
  );
  const body = texts.map((row, rowIndex) =>
    joined(row, columns, widths, style, (index) => toneOf(rows[rowIndex]?.[index] ?? "")),
  );
  return [paint(style, "dim", head), ...body];
}

/** The indexes of the columns that are shown. */
function keptOf(columns: readonly Column[], rows: readonly (readonly Cell[])[], room: number | null): number[] {
  const needed = columns.map(({ title, shrinks }, index) => {
    const widest = Math.max(width(title), ...rows.map((row) => width(plain(textOf(row[index] ?? "")))));
    return shrinks === true ? Math.min(widest, READABLE) : widest;
  });
  const kept = new Set(columns.keys());
  const over = () => [...kept].reduce((sum, index) => sum + (needed[index] ?? 0) + GAP.length, -GAP.length) > (room ?? Infinity);
  const dropping = [...columns.entries()].flatMap(([index, { drops }]) => (drops === undefined ? [] : { index, drops }));
  for (const { index } of dropping.sort((one, other) => one.drops - other.drops)) if (over()) kept.delete(index);
  return [...kept];
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function toneOf(cell: Cell): Tone {
  return typeof cell === "string" ? "none" : cell.tone;
}

/** Takes what is missing from the widest columns that may shrink, one column of the screen at a time. */
function fitted(columns: readonly Column[], wanted: readonly number[], room: number | null): number[] {
  const widths = [...wanted];
  if (room === null) return widths;
  let over = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1) - room;
  while (over > 0) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      const now = widths[index] ?? 0;
      if (column.shrinks === true && now > LEAST && now > (widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return widths;
}

function joined(
  texts: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
  style: Style,
  tone: (index: number) => Tone = () => "none",
): string {
  let room = style.columns ?? Number.POSITIVE_INFINITY;
  let out = "";
  for (const [index, column] of columns.entries()) {
    const space = Math.min(widths[index] ?? 0, room);
    if (space <= 0) break;
    const text = clip(texts[index] ?? "", space, glyph(style, "cut"));
    const pad = " ".repeat(Math.max(0, space - width(text)));
    const last = index === columns.length - 1;
    const painted = paint(style, tone(index), text);
    out += column.align === "right" ? pad + painted : last ? painted : painted + pad;
    room -= space + GAP.length;
    if (!last && room > 0) out += GAP;
  }
  return out.trimEnd();
}
