import type { Cursor } from "./cursor.ts";
import { numberOf } from "./number.ts";

export type Labels = Readonly<Record<string, string>>;

/** One line of a page. `timestamp` is in milliseconds, null where the line has none. */
export type Series = {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly timestamp: number | null;
};

export type Family = {
  readonly name: string;
  readonly type: string;
  readonly help: string | null;
  readonly series: readonly Series[];
};

/**
 * What is wrong, and where; line and column count from 1.
 *
 * An `error` makes the page one that cannot be trusted. A `warning` is against the format, yet Prometheus reads such pages.
 */
export type Problem = {
  readonly level: "error" | "warning";
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

/** Everything that a metrics page says. */
export type Page = { readonly families: readonly Family[]; readonly problems: readonly Problem[] };

/** More problems than this tell nobody anything new; the last one then says that there are more. */
const MOST_PROBLEMS = 100;

type Draft = { readonly name: string; type: string | null; help: string | null; unit: string | null; readonly series: Series[] };

/** Endings of the samples that a family of each type has besides, or instead of, its own name. */
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  counter: ["_total", "_created"],
  histogram: ["_bucket", "_count", "_sum", "_created"],
  gaugehistogram: ["_bucket", "_gcount", "_gsum"],
  summary: ["_count", "_sum", "_created"],
  info: ["_info"],
};

/** A page while it is read, line by line: gathers series into families and notes what is wrong. */
export class PageDraft {
  /** Type of a family that has no TYPE line. */
  readonly untyped: string;
  readonly problems: Problem[] = [];
  readonly #families = new Map<string, Draft>();
  readonly #byId = new Map<string, { series: Series; index: number; family: Draft }>();
  readonly #byName = new Map<string, Draft>();
  #last: Draft | null = null;
  #errors = 0;

  constructor(untyped: string) {
    this.untyped = untyped;
  }

  /** So much is wrong that reading on would only take time: a page of millions of bad lines must not keep others waiting. */
  get isHopeless(): boolean {
    return this.#errors > MOST_PROBLEMS;
  }

  problem(level: Problem["level"], line: number, column: number, message: string): void {
    if (level === "error") this.#errors += 1;
    if (this.problems.length > MOST_PROBLEMS) return;
    const full = this.problems.length === MOST_PROBLEMS;
    this.problems.push({ level, line, column, message: full ? "more problems follow, not listed" : message });
  }

  help(name: string, text: string, line: number, column: number): void {
    const family = this.#family(name);
    if (family.help !== null) this.problem("warning", line, column, `a second HELP for ${name}`);
    family.help = text;
  }

  unit(name: string, text: string, line: number, column: number): void {
    const family = this.#family(name);
    if (family.unit !== null) this.problem("warning", line, column, `a second UNIT for ${name}`);
    family.unit = text;
  }

  type(name: string, type: string, line: number, column: number): void {
    const family = this.#family(name);
    if (family.type !== null) this.problem("warning", line, column, `a second TYPE for ${name}`);
    else if (family.series.length > 0) this.problem("warning", line, column, `the TYPE of ${name} comes after its samples`);
    family.type = type;
    this.#byName.clear();
  }

  typeOf(name: string): string {
    return this.#owner(name).type ?? this.untyped;
  }

  /** The family that a sample belongs to, by name. */
  familyOf(name: string): string {
    return this.#owner(name).name;
  }

  /** Adds a sample. A series that comes twice keeps the sample with the newest timestamp. */
  add(series: Series, line: number): void {
    const family = this.#owner(series.name);
    const id = seriesId(series.name, series.labels);
    const before = this.#byId.get(id);
    if (before === undefined) {
      this.#byId.set(id, { series, index: family.series.length, family });
      family.series.push(series);
    } else if (before.series.timestamp === null || series.timestamp === null || before.series.timestamp === series.timestamp) {
      this.problem("error", line, 1, `a second sample of ${id}`);
    } else if (series.timestamp > before.series.timestamp) {
      before.family.series[before.index] = series;
      before.series = series;
    }
    if (this.#last !== family) this.#moved(family, line);
  }

  finish(): Page {
    const families = [...this.#families.values()].map(({ name, type, help, series }) => {
      return { name, type: type ?? this.untyped, help, series };
    });
    return { families, problems: this.problems };
  }

  #moved(family: Draft, line: number): void {
    // Only OpenMetrics forbids to go back to a family; the text format has no such rule.
    if (this.untyped === "unknown" && this.#last !== null && family.series.length > 1) {
      this.problem("warning", line, 1, `samples of ${family.name} are mixed with those of ${this.#last.name}`);
    }
    this.#last = family;
  }

  #family(name: string): Draft {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const family: Draft = { name, type: null, help: null, unit: null, series: [] };
    this.#families.set(name, family);
    return family;
  }

  #owner(name: string): Draft {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const owner = this.#families.get(name) ?? this.#parent(name) ?? this.#family(name);
    this.#byName.set(name, owner);
    return owner;
  }

  #parent(name: string): Draft | null {
    const cut = name.lastIndexOf("_");
    const family = cut > 0 ? this.#families.get(name.slice(0, cut)) : undefined;
    if (family === undefined || family.type === null) return null;
    // In the text format a counter is its own family: only OpenMetrics drops `_total` from the family's name.
    if (family.type === "counter" && this.untyped === "untyped") return null;
    return ENDINGS[family.type]?.includes(name.slice(cut)) === true ? family : null;
  }
}

/** What tells series apart: the name and the labels in order of their names, as Prometheus writes them. */
export function seriesId(name: string, labels: Labels, without: string | null = null): string {
  let names = Object.keys(labels);
  if (without !== null) names = names.filter((label) => label !== without);
  if (names.length === 0) return name;
  if (names.length > 1) names.sort();
  return `${name}{${names.map((label) => `${label}=${JSON.stringify(labels[label])}`).join(",")}}`;
}

/** Checks what the type of a sample's family demands of its value and labels. */
export function checkSample(cursor: Cursor, type: string, series: Series): void {
  const counts = type === "counter" || (type === "histogram" && !series.name.endsWith("_sum"));
  if (counts && series.value < 0) cursor.fail(`${series.name} counts, and cannot be ${series.value}`, 0);
  if (type.endsWith("histogram") && series.name.endsWith("_bucket")) {
    const le = Object.hasOwn(series.labels, "le") ? series.labels.le : undefined;
    if (le === undefined) cursor.fail(`the bucket ${series.name} has no label le`, 0);
    const bound = numberOf(le);
    if (bound === null || Number.isNaN(bound)) cursor.fail(`le="${le}" of ${series.name} is not a number`, 0);
  }
}
