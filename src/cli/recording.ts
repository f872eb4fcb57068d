import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Counts, Window } from "../analysis/counts.ts";
import type { GaugeSample } from "../analysis/gauge.ts";
import type { Histogram } from "../analysis/slow-share.ts";
import { EXIT } from "./exit.ts";
import { Failure } from "./failure.ts";
import type { Io } from "./io.ts";
import { readJsonLine } from "./json-line.ts";

/** One line of a recording. */
export type Recorded = {
  readonly t: number;
  /** The step that the window belongs to, where the recording says so. */
  readonly step: string | null;
  readonly window: Window;
  /** True of a window that was not full when an outage was decided on: only the fast path looks at it. */
  readonly part: boolean;
  /** Milliseconds of the requests that did not fail, where they were recorded one by one. */
  readonly latencies: Arms<readonly number[]> | null;
  /** The same where they were counted in buckets. */
  readonly buckets: Arms<Histogram> | null;
  /** A gauge: the canary's value, and those of the stable instances by name. */
  readonly gauge: GaugeSample | null;
};

type Arms<T> = { readonly canary: T; readonly stable: T };

/** What is wrong with a value, and where it stands. */
type Wrong = { readonly path: string; readonly message: string };

const SHAPE = 'each line is { "t": 60, "canary": { "n": 100, "x": 1 }, "stable": { "n": 1900, "x": 19 } }';

/** The windows of a file, or of stdin for `-`, as they come. Blank lines are skipped; anything else that is wrong ends it, exit 6. */
export async function* readRecording(io: Io, file: string): AsyncGenerator<Recorded> {
  const source = file === "-" ? io.stdin : createReadStream(resolve(io.cwd, file));
  const name = file === "-" ? "stdin" : file;
  const opened = file === "-" ? null : new Promise<void>((ok, failed) => source.once("ready", ok).once("error", failed));
  await opened?.catch((error: NodeJS.ErrnoException) => {
    throw new Failure(EXIT.configuration, `cannot read ${file}: ${error.code ?? error.message}`, {
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
    throw new Failure(EXIT.configuration, `cannot read ${name}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  if (found === 0) throw bad(`${name}:1:1 holds no window`);
}

function bad(message: string): Failure {
  return new Failure(EXIT.configuration, message, { code: "invalid-recording", hint: SHAPE });
}

/** The place of a mistake is looked for only where there is one. */
function recordOf(text: string, bad: (column: number, message: string) => Failure): Recorded {
  const found = checked(parsed(text));
  if (!("path" in found)) return found;
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
  const { part } = value;
  if (part !== undefined && typeof part !== "boolean")
    return { path: "part", message: `expected true or false, not ${said(part)}` };
  const canary = armOf(value.canary, "canary");
  if ("path" in canary) return canary;
  const stable = armOf(value.stable, "stable");
  if ("path" in stable) return stable;
  for (const key of ["latencies", "buckets", "gauge"] as const) {
    if ((canary[key] === null) !== (stable[key] === null)) {
      return { path: canary[key] === null ? "canary" : "stable", message: `expected "${key}" on both arms, or on neither` };
    }
  }
  const gauge = gaugeOf(canary.gauge, stable.gauge);
  if (gauge !== null && "path" in gauge) return gauge;
  return {
    t,
    step: step === undefined ? null : String(step),
    window: { canary: canary.counts, stable: stable.counts },
    part: part === true,
    latencies: both(canary.latencies, stable.latencies),
    buckets: both(canary.buckets, stable.buckets),
    gauge,
  };
}

function both<T>(canary: T | null, stable: T | null): Arms<T> | null {
  return canary === null || stable === null ? null : { canary, stable };
}

function gaugeOf(canary: unknown, stable: unknown): GaugeSample | null | Wrong {
  if (canary === null || stable === null) return null;
  if (!Number.isFinite(canary)) return { path: "canary.gauge", message: `expected a number, not ${said(canary)}` };
  if (isObject(stable) && Object.values(stable).every(Number.isFinite)) return { canary, stable } as GaugeSample;
  return { path: "stable.gauge", message: `expected { "instance": number, … }, not ${said(stable)}` };
}

type Arm = {
  readonly counts: Counts;
  readonly latencies: readonly number[] | null;
  readonly buckets: Histogram | null;
  readonly gauge: unknown;
};

function armOf(value: unknown, path: string): Arm | Wrong {
  if (!isObject(value)) return { path, message: `expected { "n": requests, "x": errors }, not ${said(value)}` };
  for (const key of ["n", "x"] as const) {
    if (!isCount(value[key]))
      return { path: `${path}.${key}`, message: `expected a whole number, 0 or more, not ${said(value[key])}` };
  }
  const { n, x } = value as Counts;
  if (x > n) return { path: `${path}.x`, message: `${x} errors of ${n} requests: there cannot be more errors than requests` };
  const latencies = latenciesOf(value.latencies, `${path}.latencies`);
  if (latencies !== null && "path" in latencies) return latencies;
  const buckets = value.buckets === undefined ? null : histogramOf(value.buckets, `${path}.buckets`, n);
  if (buckets !== null && "path" in buckets) return buckets;
  return { counts: { n, x }, latencies, buckets, gauge: value.gauge ?? null };
}

function latenciesOf(value: unknown, path: string): readonly number[] | null | Wrong {
  if (value === undefined) return null;
  if (!Array.isArray(value)) return { path, message: `expected a list of milliseconds, not ${said(value)}` };
  const wrong = value.findIndex((one) => typeof one !== "number" || !(one >= 0) || !Number.isFinite(one));
  if (wrong < 0) return value;
  return { path: `${path}[${wrong}]`, message: `expected milliseconds, 0 or more, not ${said(value[wrong])}` };
}

/** `{ "100": 40, "250": 90, "+Inf": 100 }`: how many took as long as the bound or less; without `+Inf` there were `n` in all. */
function histogramOf(value: unknown, path: string, n: number): Histogram | Wrong {
  if (!isObject(value)) return { path, message: `expected { "bound": count, … }, not ${said(value)}` };
  const rows: { bound: number; count: number }[] = [];
  for (const [key, count] of Object.entries(value)) {
    const bound = key === "+Inf" ? Number.POSITIVE_INFINITY : Number(key.trim() === "" ? Number.NaN : key);
    if (Number.isNaN(bound))
      return { path: `${path}.${key}`, message: `expected a number or "+Inf" for a bound, not ${said(key)}` };
    if (!isCount(count)) return { path: `${path}.${key}`, message: `expected a whole number, 0 or more, not ${said(count)}` };
    rows.push({ bound, count });
  }
  rows.sort((a, b) => a.bound - b.bound);
  const falling = rows.findIndex(({ count }, index) => count < (rows[index - 1]?.count ?? 0));
  if (falling >= 0) return { path, message: `counts are cumulative: that of ${rows[falling]?.bound} is below the one before it` };
  const last = rows.at(-1);
  const total = last?.bound === Number.POSITIVE_INFINITY ? last.count : n;
  const finite = rows.filter(({ bound }) => bound !== Number.POSITIVE_INFINITY);
  return { bounds: finite.map(({ bound }) => bound), counts: finite.map(({ count }) => count), n: total };
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
