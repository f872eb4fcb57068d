import { Cursor, Fault } from "./cursor.ts";
import { METRIC_NAME, subject } from "./labels.ts";
import { millisecondsOf, valueHere } from "./number.ts";
import { parseOpenMetrics } from "./openmetrics.ts";
import { checkSample, type Page, PageDraft, type Series } from "./page.ts";

export type { Family, Labels, Page, Problem, Series } from "./page.ts";

/** `text` is Prometheus text 0.0.4 (and 1.0.0, which adds quoted names), `openmetrics` is OpenMetrics 1.0. */
export type Format = "text" | "openmetrics";

const TYPES: Readonly<Record<string, string>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  gaugehistogram: "gaugehistogram",
  gauge_histogram: "gaugehistogram",
  summary: "summary",
  untyped: "untyped",
};
const WORD = /[^ \t]+/y;

/** Reads a metrics page. Never throws: what cannot be read is a problem with its line and column, and the rest is read on. */
export function parse(text: string, format: Format): Page {
  return format === "openmetrics" ? parseOpenMetrics(text) : parseText(text);
}

function parseText(text: string): Page {
  const page = new PageDraft("untyped");
  let line = 0;
  for (let start = 0; start < text.length && !page.isHopeless; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    line += 1;
    readLine(page, text.slice(start, end), line);
    start = end + 1;
  }
  return page.finish();
}

function readLine(page: PageDraft, text: string, line: number): void {
  const cursor = new Cursor(text);
  try {
    cursor.blanks();
    if (cursor.done) return;
    if (cursor.skip("#")) comment(page, cursor, line);
    else sample(page, cursor, line);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    page.problem("error", line, error.column, error.message);
  }
}

function comment(page: PageDraft, cursor: Cursor, line: number): void {
  cursor.blanks();
  const word = cursor.take(WORD);
  if (word !== "HELP" && word !== "TYPE") return;
  if (!cursor.blanks() && cursor.done) return;
  const column = cursor.at + 1;
  const name = cursor.here === '"' ? cursor.quoted("refuse", "a name") : cursor.take(METRIC_NAME);
  if (name === null || name === "") cursor.fail(`wants a metric name after ${word}, has ${cursor.shown()}`);
  if (!cursor.blanks() && !cursor.done) cursor.fail(`wants a blank after the metric name, has ${cursor.shown()}`);
  const rest = cursor.line.slice(cursor.at);
  if (word === "HELP") {
    page.help(name, unescapeHelp(rest), line, column);
    return;
  }
  const type = rest.trimEnd().toLowerCase();
  const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (known === undefined) cursor.fail(`unknown type "${rest.trimEnd()}"; ${Object.keys(TYPES).join(", ")} are known`);
  page.type(name, known, line, column);
}

function unescapeHelp(text: string): string {
  return text.includes("\\") ? text.replace(/\\([\\n])/g, (_, char: string) => (char === "n" ? "\n" : "\\")) : text;
}

function sample(page: PageDraft, cursor: Cursor, line: number): void {
  const { name, labels } = subject(cursor, true);
  const afterBrace = cursor.line.charAt(cursor.at - 1) === "}";
  if (!cursor.blanks() && !afterBrace && !cursor.done) cursor.fail(`a metric name cannot have ${cursor.shown()}`);
  const value = valueHere(cursor, `the value of ${name}`);
  let timestamp: number | null = null;
  if (cursor.blanks() && !cursor.done) {
    const start = cursor.at;
    const token = cursor.take(WORD) ?? "";
    timestamp = millisecondsOf(token);
    if (timestamp === null) cursor.fail(`the timestamp "${token}" is not a whole number of milliseconds`, start);
    cursor.blanks();
    if (!cursor.done) cursor.fail(`wants the end of the line after the timestamp, has ${cursor.shown()}`);
  }
  const series: Series = { name, labels, value, timestamp };
  checkSample(cursor, page.typeOf(name), series);
  page.add(series, line);
}
