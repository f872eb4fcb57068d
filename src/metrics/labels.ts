import type { Cursor } from "./cursor.ts";
import type { Labels } from "./page.ts";

export const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;

/** What stands before a value: `metric{label="text"}`, or `{"metric", label="text"}` for names outside the old alphabet. */
export type Subject = { readonly name: string; readonly labels: Labels };

/**
 * Reads the name and labels of a sample.
 *
 * @param loose true for the text format, where blanks may stand between all tokens and a comma may end the list.
 */
export function subject(cursor: Cursor, loose: boolean): Subject {
  const name = cursor.take(METRIC_NAME);
  const end = cursor.at;
  if (loose) cursor.blanks();
  if (cursor.here !== "{") {
    if (name === null) cursor.fail(`wants a metric name, has ${cursor.shown()}`);
    cursor.at = end;
    return { name, labels: {} };
  }
  const set = labelSet(cursor, loose);
  if (name !== null && set.name !== null) cursor.fail(`has two metric names, ${name} and "${set.name}"`, 0);
  const whole = name ?? set.name;
  if (whole === null) cursor.fail("has labels, yet no metric name", 0);
  return { name: whole, labels: set.labels };
}

/** Reads `{…}`; `name` is a quoted metric name inside the braces. */
export function labelSet(cursor: Cursor, loose: boolean): { readonly name: string | null; readonly labels: Labels } {
  cursor.expect("{", "before the labels");
  const labels: Record<string, string> = {};
  let name: string | null = null;
  let wantsMore = false;
  for (;;) {
    if (loose) cursor.blanks();
    if (!wantsMore && cursor.skip("}")) return { name, labels };
    const start = cursor.at;
    const item = labelItem(cursor, loose);
    if (item.value !== null) define(cursor, labels, item.label, item.value, start);
    else if (name === null) name = item.label;
    else cursor.fail(`has two metric names, "${name}" and "${item.label}"`, start);
    if (loose) cursor.blanks();
    if (cursor.skip(",")) wantsMore = !loose;
    else if (cursor.here === "}") wantsMore = false;
    else cursor.fail(`wants "," or "}" after a label, has ${cursor.shown()}`);
  }
}

function labelItem(cursor: Cursor, loose: boolean): { readonly label: string; readonly value: string | null } {
  const start = cursor.at;
  const quoted = cursor.here === '"';
  const label = quoted ? cursor.quoted("refuse", "a name") : cursor.take(LABEL_NAME);
  if (label === null) cursor.fail(`wants a label name, has ${cursor.shown()}`);
  if (label === "") cursor.fail("a name is empty", start);
  if (loose) cursor.blanks();
  if (quoted && /[,}]/.test(cursor.here)) return { label, value: null };
  cursor.expect("=", `after the label name ${label}`);
  if (loose) cursor.blanks();
  return { label, value: cursor.quoted("keep", `the value of label ${label}`) };
}

function define(cursor: Cursor, labels: Record<string, string>, label: string, value: string, start: number): void {
  if (label === "__name__") cursor.fail("__name__ cannot be a label of a sample", start);
  if (Object.hasOwn(labels, label)) cursor.fail(`the label ${label} comes twice`, start);
  // `labels["__proto__"] = …` would be lost: that name is legal here and special in JavaScript.
  if (label === "__proto__") Object.defineProperty(labels, label, { value, enumerable: true });
  else labels[label] = value;
}
