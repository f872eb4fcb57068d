import { increase, keyOf } from "./counters.ts";
import { quantileOf } from "./histogram.ts";
import { numberOf } from "./number.ts";
import { type Family, type Labels, type Page, type Series, seriesId } from "./page.ts";
import { startedOf } from "./started.ts";

/** How much a counter rose between two reads of a page. */
export type Delta = {
  readonly name: string;
  readonly labels: Labels;
  readonly delta: number;
  /** `new` was not there at the first read; `reset` started again from 0 in between. */
  readonly was: "there" | "new" | "reset";
};

/** Quantiles of what a histogram observed between two reads of a page; a clipped one lies above its highest finite bound. */
export type Quantiles = {
  readonly name: string;
  readonly labels: Labels;
  readonly observations: number;
  readonly quantiles: readonly { readonly q: number; readonly value: number; readonly clipped: boolean }[];
};

export type PageChange = { readonly deltas: readonly Delta[]; readonly quantiles: readonly Quantiles[] };

const QUANTILES = [0.5, 0.9, 0.95, 0.99];
const COUNTING_NAME = /_(?:total|count|sum|bucket)$/;

/** What happened between two reads of a page: counters rose, histograms observed. */
export function changeOf(before: Page, after: Page): PageChange {
  const started = { before: startedOf(before), after: startedOf(after) };
  const old = new Map(before.families.flatMap(({ series }) => series.map((one) => [seriesId(one.name, one.labels), one.value])));
  const deltas = after.families.flatMap((family) =>
    family.series
      .filter((one) => counts(family, one) && Number.isFinite(one.value))
      .map((one) => deltaOf(one, old.get(seriesId(one.name, one.labels)), started)),
  );
  return { deltas, quantiles: quantilesOf(after, deltas) };
}

/** When the process began, as the two reads say it. */
type Started = { readonly before: number | null; readonly after: number | null };

/** The same rules as evidence: per series, and nothing is below zero. */
function deltaOf({ name, labels, value }: Series, old: number | undefined, started: Started): Delta {
  const key = keyOf("all", "series");
  const known = old !== undefined && Number.isFinite(old);
  const rose = increase(
    { t: 0, started: started.before, series: known ? { [key]: old } : {} },
    { t: 1, started: started.after, series: { [key]: value } },
  );
  const delta = rose.all ?? 0;
  return { name, labels, delta, was: known ? (delta === value - old ? "there" : "reset") : "new" };
}

function counts(family: Family, { name }: Series): boolean {
  switch (family.type) {
    case "counter":
    case "histogram":
      return !name.endsWith("_created");
    case "summary":
      return name.endsWith("_count") || name.endsWith("_sum");
    case "untyped":
    case "unknown":
      return COUNTING_NAME.test(name);
    default:
      return false;
  }
}

function quantilesOf(page: Page, deltas: readonly Delta[]): readonly Quantiles[] {
  const histograms = new Set(page.families.filter(({ type }) => type === "histogram").map(({ name }) => `${name}_bucket`));
  const groups = new Map<string, { labels: Labels; name: string; buckets: { le: number; count: number }[] }>();
  for (const { name, labels, delta } of deltas) {
    if (!histograms.has(name)) continue;
    const { le = "", ...rest } = labels;
    const id = seriesId(name, rest);
    const group = groups.get(id) ?? { labels: rest, name: name.slice(0, -"_bucket".length), buckets: [] };
    group.buckets.push({ le: numberOf(le) ?? Number.NaN, count: delta });
    groups.set(id, group);
  }
  return [...groups.values()].map(({ labels, name, buckets }) => ({
    name,
    labels,
    observations: buckets.filter(({ le }) => le === Infinity).reduce((sum, { count }) => sum + count, 0),
    quantiles: QUANTILES.map((q) => ({ q, ...quantileOf(q, buckets) })),
  }));
}
