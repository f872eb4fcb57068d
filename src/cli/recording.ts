import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Counts, Window } from "../analysis/counts.ts";
import { EXIT } from "./exit.ts";
import { Failure } from "./failure.ts";
import type { Io } from "./io.ts";
import { readJsonLine } from "./json-line.ts";

/** One line of a recording. `step` names the step that the window belongs to, where the recording says so. */
export type Recorded = { readonly t: number; readonly step: string | null; readonly window: Window };

/** What is wrong with a value, and where it stands. */
type Wrong = { readonly path: string; readonly message: string };

const SHAPE = 'each line is { "t": 60, "canary": { "n": 100, "x": 1 }, "stable": { "n": 1900, "x": 19 } }';

/** The windows of a file, or of stdin for `-`, as they come. Blank lines are skipped; anything else that is wrong ends it, exit 6. */
export async function* readRecording(io: Io, file: string): AsyncGenerator<Recorded> {
  const source = file === "-" ? io.stdin : createReadStream(resolve(io.cwd, file));
  const name = file === "-" ? "stdin" : file;
  const opened = file === "-" ? null : new Promise<void>((ok, failed) => source.once("ready", ok).once("error", failed));
  await opened?.catch((error: NodeJS.ErrnoException) => {
    throw new Failure(EXIT.usage, `cannot read ${file}: ${error.code ?? error.message}`, {
      cause: error,
      hint: "name a file, or - for stdin",
    });
  });
  let number = 0;
  let found = 0;
  try {
    for await (const line of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      const text = number === 1 ? line.replace(/^\uFEFF/, "") : line;
      if (text.trim() === "") continue;
      found += 1;
      yield recordOf(text, (column, message) => bad(`${name}:${number}:${column} ${message}`));
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(EXIT.usage, `cannot read ${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  if (found === 0) throw bad(`${name}:1:1 holds no window`);
}

function bad(message: string): Failure {
  return new Failure(EXIT.configuration, message, { code: "invalid-recording", hint: SHAPE });
}

/** The place of a mistake is looked for only where there is one. */
function recordOf(text: string, bad: (column: number, message: string) => Failure): Recorded {
  const found = checked(parsed(text));
  if ("t" in found) return found;
  const read = readJsonLine(text);
  if (!read.ok) throw bad(read.column, `not JSON: ${read.message}`);
  throw bad(columnOf(read.columns, found.path), found.path === "" ? found.message : `${found.path}: ${found.message}`);
}

/** The value, or undefined where the text is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is missing has no place of its own: it is missing from what it should be in. */
function columnOf(columns: ReadonlyMap<string, number>, path: string): number {
  return columns.get(path) ?? columns.get(path.slice(0, Math.max(0, path.lastIndexOf(".")))) ?? 1;
}

function checked(value: unknown): Recorded | Wrong {
  if (!isObject(value)) return { path: "", message: `expected an object with "t", "canary" and "stable", not ${said(value)}` };
  const { t, step } = value;
  if (typeof t !== "number" || !Number.isFinite(t)) return { path: "t", message: `expected the time in seconds, not ${said(t)}` };
  if (step !== undefined && typeof step !== "string" && typeof step !== "number") {
    return { path: "step", message: `expected the step's number or name, not ${said(step)}` };
  }
  const canary = countsOf(value.canary, "canary");
  if ("path" in canary) return canary;
  const stable = countsOf(value.stable, "stable");
  if ("path" in stable) return stable;
  return { t, step: step === undefined ? null : String(step), window: { canary, stable } };
}

function countsOf(value: unknown, path: string): Counts | Wrong {
  if (!isObject(value)) return { path, message: `expected { "n": requests, "x": errors }, not ${said(value)}` };
  for (const key of ["n", "x"] as const) {
    if (!isCount(value[key]))
      return { path: `${path}.${key}`, message: `expected a whole number, 0 or more, not ${said(value[key])}` };
  }
  const { n, x } = value as Counts;
  return x > n
    ? { path: `${path}.x`, message: `${x} errors of ${n} requests: there cannot be more errors than requests` }
    : { n, x };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function said(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
