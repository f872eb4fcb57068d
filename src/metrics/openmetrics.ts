import { Cursor, Fault } from "./cursor.ts";
import { labelSet, METRIC_NAME, subject } from "./labels.ts";
import { secondsOf, valueHere } from "./number.ts";
import { checkSample, type Page, PageDraft, type Series } from "./page.ts";

const TYPES = ["counter", "gauge", "histogram", "gaugehistogram", "stateset", "info", "summary", "unknown"];
const WORD = /[^ ]+/y;
/** Samples that may carry an exemplar; the standard has the first two, Prometheus reads all four. */
const EXEMPLAR = /_(?:total|bucket|count|sum)$/;

/** Reads an OpenMetrics 1.0 page (https://prometheus.io/docs/specs/om/open_metrics_spec/), never throws. */
export function parseOpenMetrics(text: string): Page {
  const page = new PageDraft("unknown");
  let line = 0;
  let ended = false;
  for (let start = 0; start < text.length && !ended && !page.isHopeless; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    line += 1;
    ended = readLine(page, text.slice(start, end), line);
    start = end + 1;
    if (ended && start < text.length) page.problem("error", line + 1, 1, "text after # EOF");
  }
  if (!ended && !page.isHopeless) page.problem("error", line + 1, 1, "the page ends without # EOF: it is cut off");
  return page.finish();
}

/** True where the line is the page's last. */
function readLine(page: PageDraft, text: string, line: number): boolean {
  if (text === "# EOF") return true;
  const cursor = new Cursor(text);
  try {
    if (cursor.done) cursor.fail("OpenMetrics has no empty lines");
    if (cursor.skip("#")) comment(page, cursor, line);
    else sample(page, cursor, line);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    page.problem("error", line, error.column, error.message);
  }
  return false;
}

function comment(page: PageDraft, cursor: Cursor, line: number): void {
  cursor.expect(" ", "after #");
  const start = cursor.at;
  const word = cursor.take(WORD);
  if (word !== "HELP" && word !== "TYPE" && word !== "UNIT") cursor.fail("wants HELP, TYPE, UNIT or EOF after #", start);
  cursor.expect(" ", `after ${word}`);
  const column = cursor.at + 1;
  const name = cursor.here === '"' ? cursor.quoted("refuse", "a name") : cursor.take(METRIC_NAME);
  if (name === null || name === "") cursor.fail(`wants a metric name after ${word}, has ${cursor.shown()}`);
  cursor.expect(" ", `after ${name}`);
  const rest = cursor.line.slice(cursor.at);
  if (word === "HELP") page.help(name, unescapeHelp(rest), line, column);
  else if (word === "TYPE" && !TYPES.includes(rest)) cursor.fail(`unknown type "${rest}"; ${TYPES.join(", ")} are known`);
  else if (word === "TYPE") page.type(name, rest, line, column);
  else {
    if (rest !== "" && !name.endsWith(`_${rest}`)) cursor.fail(`the name ${name} does not end with its unit "${rest}"`);
    page.unit(name, rest, line, column);
  }
}

function unescapeHelp(text: string): string {
  return text.includes("\\") ? text.replace(/\\([\\n"])/g, (_, char: string) => (char === "n" ? "\n" : char)) : text;
}

function sample(page: PageDraft, cursor: Cursor, line: number): void {
  const { name, labels } = subject(cursor, false);
  cursor.expect(" ", "before the value");
  const value = valueHere(cursor, `the value of ${name}`);
  let timestamp: number | null = null;
  if (cursor.skip(" ")) {
    if (cursor.here !== "#") timestamp = timestampHere(cursor);
    if (timestamp === null || cursor.skip(" ")) exemplar(cursor, name);
  }
  if (!cursor.done) cursor.fail(`wants the end of the line, has ${cursor.shown()}`);
  const series: Series = { name, labels, value, timestamp };
  const type = page.typeOf(name);
  checkSample(cursor, type, series);
  checkStrict(cursor, type, page.familyOf(name), series);
  page.add(series, line);
}

function timestampHere(cursor: Cursor): number {
  const start = cursor.at;
  const token = cursor.take(WORD) ?? "";
  const timestamp = secondsOf(token);
  if (timestamp === null) cursor.fail(`the timestamp "${token}" is not a number of seconds`, start);
  return timestamp;
}

/** Checks and drops an exemplar: ` # {trace_id="…"} value [timestamp]`. */
function exemplar(cursor: Cursor, name: string): void {
  const start = cursor.at;
  cursor.expect("# ", "before an exemplar");
  if (!EXEMPLAR.test(name)) cursor.fail(`${name} cannot have an exemplar: only counters and buckets can`, start);
  labelSet(cursor, false);
  cursor.expect(" ", "before the exemplar's value");
  valueHere(cursor, "the exemplar's value");
  if (cursor.skip(" ")) timestampHere(cursor);
}

function checkStrict(cursor: Cursor, type: string, family: string, series: Series): void {
  const { name, value, labels } = series;
  if (name === family && (type === "counter" || type === "histogram" || type === "gaugehistogram" || type === "info")) {
    cursor.fail(`a ${type} has no sample of its bare name ${name}${type === "counter" ? "; it is called _total" : ""}`, 0);
  }
  if (type === "info" && value !== 1) cursor.fail(`an info is always 1, not ${value}`, 0);
  if (type !== "stateset") return;
  if (value !== 0 && value !== 1) cursor.fail(`a state is 0 or 1, not ${value}`, 0);
  if (!Object.hasOwn(labels, family)) cursor.fail(`a state set has its state in the label ${family}`, 0);
}
