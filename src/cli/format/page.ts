import type { Inspected } from "../../app.ts";
import { paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { plain } from "./width.ts";

type Read = Extract<Inspected, { ok: true }>;
type Family = Read["page"]["families"][number];
type Problem = Read["page"]["problems"][number];
type Labels = Family["series"][number]["labels"];

/** What JSON has no number for is a word. */
export function jsonNumber(value: number): number | string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? value : value > 0 ? "+Inf" : "-Inf";
}

/** `http_requests_total{code="200"}`. */
export function seriesName(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

const FAMILIES: readonly Column[] = [
  { title: "FAMILY", shrinks: true },
  { title: "TYPE" },
  { title: "SERIES", align: "right" },
  { title: "VALUES" },
  { title: "HELP", shrinks: true },
];

export function familyLines(families: readonly Family[], style: Style): string[] {
  const rows = families.map(({ name, type, help, series }): Cell[] => [
    name,
    type,
    String(series.length),
    spread(series.map(({ value }) => value)),
    help ?? "",
  ]);
  return rows.length === 0 ? ["no series"] : table(FAMILIES, rows, style);
}

/** One value as it is, several by their ends. */
function spread(values: readonly number[]): string {
  const numbers = values.filter((value) => !Number.isNaN(value));
  const [first] = numbers;
  if (first === undefined) return values.length === 0 ? "-" : "NaN";
  const least = numbers.reduce((a, b) => Math.min(a, b));
  const most = numbers.reduce((a, b) => Math.max(a, b));
  return least === most ? String(jsonNumber(least)) : `${jsonNumber(least)} .. ${jsonNumber(most)}`;
}

export function seriesLines(families: readonly Family[], style: Style): string[] {
  const columns: readonly Column[] = [{ title: "SERIES", shrinks: true }, { title: "VALUE", align: "right" }, { title: "AT" }];
  const rows = families.flatMap(({ series }) =>
    series.map(({ name, labels, value, timestamp }): Cell[] => [
      seriesName(name, labels),
      String(jsonNumber(value)),
      timestamp === null ? "" : String(timestamp),
    ]),
  );
  return rows.length === 0 ? [] : ["", ...table(columns, rows, style)];
}

/** What rose between two reads, and the quantiles of what was observed. */
export function changeLines(change: NonNullable<Read["change"]>, style: Style): string[] {
  const deltas = change.deltas
    .filter(({ name, delta }) => delta !== 0 && !name.endsWith("_bucket"))
    .map(({ name, labels, delta, was }): Cell[] => [seriesName(name, labels), `+${round(delta)}`, was === "there" ? "" : was]);
  const rose: readonly Column[] = [{ title: "ROSE", shrinks: true }, { title: "BY", align: "right" }, { title: "" }];
  const qs = change.quantiles[0]?.quantiles.map(({ q }) => q) ?? [];
  const columns: readonly Column[] = [
    { title: "OBSERVED", shrinks: true },
    { title: "COUNT", align: "right" },
    ...qs.map((q) => ({ title: `P${q * 100}`, align: "right" as const })),
  ];
  const observed = change.quantiles.map(({ name, labels, observations, quantiles }): Cell[] => [
    seriesName(name, labels),
    String(observations),
    ...quantiles.map(({ value, clipped }) => (Number.isNaN(value) ? "-" : `${clipped ? ">" : ""}${round(value)}`)),
  ]);
  return [
    "",
    ...(deltas.length === 0 ? ["no counter rose"] : table(rose, deltas, style)),
    ...(observed.length === 0 ? [] : ["", ...table(columns, observed, style)]),
  ];
}

function round(value: number): string {
  return String(jsonNumber(Number(value.toPrecision(6))));
}

const BEFORE = 60;
const AFTER = 40;

/** `page:LINE:COLUMN level: message`, the part of the line around the place, and a caret below it. */
export function problemLines(place: string, text: string, problem: Problem, style: Style): string[] {
  const { line, column, level, message } = problem;
  const title = `${place}:${line}:${column} ${level}: ${message}`;
  const written = lineOf(text, line);
  if (written === "") return [plain(title)];
  const from = Math.max(0, column - 1 - BEFORE);
  const shown = written.slice(from, column - 1 + AFTER);
  const gutter = `${line} | ${from > 0 ? "..." : ""}`;
  // Tabs and escapes become blanks one by one, so that the caret stands below its character.
  const safe = shown.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, " ");
  const tail = written.length > from + shown.length ? "..." : "";
  return [
    plain(title),
    paint(style, "dim", `${gutter}${safe}${tail}`),
    paint(style, "dim", `${" ".repeat(gutter.length + column - 1 - from)}^`),
  ];
}

function lineOf(text: string, line: number): string {
  return text.split("\n", line)[line - 1] ?? "";
}
