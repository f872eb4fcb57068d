import type { Ms } from "../core/units.ts";
import { CREATED, keyOf, type Reading } from "./counters.ts";
import { createdOf } from "./created.ts";
import { nearest } from "./nearest.ts";
import { numberOf } from "./number.ts";
import { type Family, type Page, type Series, seriesId } from "./page.ts";
import { startedOf } from "./started.ts";
import { belongs, type Wanted } from "./wanted.ts";

/** What a page says of a metric. `missing` is what a person should know where a group that must be there is not. */
export type Found = {
  readonly reading: Reading;
  /** The page cannot serve this metric at all, in words; null where it can. */
  readonly problem: string | null;
  /** By group, why no series of it was found; absent where there was one, or where its family is declared and still empty. */
  readonly missing: Readonly<Record<string, string>>;
};

/** Series of one metric that an endpoint may have: more make the evidence too large to store, and point at a wrong selector. */
const MOST_SERIES = 5000;
const GAUGES = new Set(["gauge", "untyped", "unknown"]);
const COUNTING = new Set(["counter", "histogram", "summary", "untyped", "unknown"]);

/** Picks from a page the series that a metric counts. */
export function readingOf(page: Page, wanted: readonly Wanted[], t: Ms): Found {
  const series: Record<string, number> = {};
  const missing: Record<string, string> = {};
  const created: Record<string, number> = {};
  const births = createdOf(page);
  const reading = { t, started: startedOf(page), series };
  for (const one of wanted) {
    const found = pick(page, one, series, (id, sample) => {
      const began = births.of(sample.name, sample.labels);
      if (began !== null) created[keyOf(CREATED, id)] = began;
    });
    if (found.problem !== null) return { reading: { ...reading, series: {} }, problem: found.problem, missing };
    if (found.count === 0 && !one.optional && !declared(page, one)) missing[one.group] = absence(page, one);
    if (Object.keys(series).length > MOST_SERIES) {
      const problem = `${one.selector.text} matches more than ${MOST_SERIES} series: narrow it with labels`;
      return { reading: { ...reading, series: {} }, problem, missing };
    }
  }
  return { reading: { ...reading, series: { ...series, ...created } }, problem: null, missing };
}

/** Adds a group's series, and says how many there were and what is wrong with them. */
function pick(
  page: Page,
  wanted: Wanted,
  into: Record<string, number>,
  found: (id: string, sample: Series) => void,
): { readonly count: number; readonly problem: string | null } {
  let count = 0;
  let numbers = 0;
  let infinite = 0;
  for (const family of page.families) {
    for (const sample of family.series) {
      if (!belongs(wanted, sample.name, sample.labels) || (wanted.selector.name === null && isBirth(family, sample))) continue;
      const problem = wanted.group === "gauge" ? notGauge(family, sample) : notCounting(family, sample);
      if (problem !== null) return { count, problem };
      count += 1;
      const group = wanted.group === "bucket" ? boundOf(sample) : wanted.group;
      if (group === "+Inf") infinite += 1;
      // A sample that is not a number is stale: taken along, it would poison every sum after it.
      if (!Number.isFinite(sample.value)) continue;
      numbers += 1;
      const id = seriesId(sample.name, sample.labels, wanted.group === "bucket" ? "le" : null);
      const key = keyOf(group, id);
      found(id, sample);
      into[key] = (into[key] ?? 0) + sample.value;
    }
  }
  if (count > 0 && numbers === 0) return { count, problem: `${wanted.selector.text} has no sample that is a number` };
  const open = wanted.group === "bucket" && count > 0 && infinite === 0;
  return { count, problem: open ? `the histogram ${wanted.selector.text} has no +Inf bucket` : null };
}

/** A selector without a name also finds the times of creation, which count nothing. */
function isBirth(family: Family, { name }: Series): boolean {
  return name.endsWith("_created") && (name !== family.name || family.type === "gauge");
}

function notGauge(family: Family, sample: Series): string | null {
  return GAUGES.has(family.type)
    ? null
    : `${sample.name} is a ${family.type}, not a gauge: a rate or a ratio takes those that count`;
}

function notCounting(family: Family, sample: Series): string | null {
  if (!COUNTING.has(family.type)) return `${sample.name} is a ${family.type}, not a counter: its increase says nothing`;
  if (family.type === "summary" && sample.name === family.name) {
    return `${sample.name} is a quantile of a summary, not a counter: its increase says nothing`;
  }
  return sample.value < 0 ? `${sample.name} is ${sample.value}: a counter is never below 0` : null;
}

/** A bucket's bound as a number's shortest form, so that `le="1"` and `le="1.0"` are one. */
function boundOf(sample: Series): string {
  const bound = numberOf(sample.labels.le ?? "") ?? Number.NaN;
  return bound === Infinity ? "+Inf" : String(bound);
}

/** True where the page announces the family and has no series of it yet, as libraries do before the first request. */
function declared(page: Page, wanted: Wanted): boolean {
  const { name } = wanted.selector;
  if (name === null) return false;
  const names =
    wanted.group === "bucket" ? [name.slice(0, -"_bucket".length)] : [name, name.replace(/_(?:total|count|sum)$/, "")];
  return page.families.some(({ name: family, series }) => series.length === 0 && names.includes(family));
}

function absence(page: Page, wanted: Wanted): string {
  const { text, name } = wanted.selector;
  if (wanted.group === "bucket" && name !== null) {
    const told = withoutBuckets(page, name.slice(0, -"_bucket".length));
    if (told !== null) return told;
  }
  const names = new Set(page.families.flatMap((family) => family.series.map((sample) => sample.name)));
  if (name !== null && names.has(name)) return `no series matches ${text}: ${name} is there, with other labels`;
  const near = name === null ? null : nearest(name, [...names]);
  return `no series matches ${text}${near === null ? "" : ` (did you mean ${near}?)`}`;
}

/** Native histograms travel only in protobuf: in text such a histogram has a sum and a count and nothing else. */
function withoutBuckets(page: Page, base: string): string | null {
  const family = page.families.find(({ name }) => name === base);
  if (family?.type === "summary") return `${base} is a summary: its quantiles cannot be put together; a histogram is needed`;
  const counted = page.families.some(({ series }) => series.some(({ name }) => name === `${base}_count`));
  const bare = counted && !page.families.some(({ series }) => series.some(({ name }) => name === `${base}_bucket`));
  return bare ? `${base} is a histogram without buckets: a quantile needs classic buckets (le)` : null;
}
