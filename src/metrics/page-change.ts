import { CREATED, increase, keyOf, type Reading } from "./counters.ts";
import { createdOf } from "./created.ts";
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
const GROUP = "all";
const COUNTING_NAME = /_(?:total|count|sum|bucket)$/;

/** What happened between two reads of a page, by the rules of evidence: counters rose, histograms observed. */
export function changeOf(before: Page, after: Page): PageChange {
  const [old, now] = [countersOf(before), countersOf(after)];
  const deltas = [...now.samples].map(([id, sample]) => deltaOf(id, sample, old.reading, now.reading));
  return { deltas, quantiles: quantilesOf(after, deltas) };
}

/** All counters of a page, each as a group of its own. */
function countersOf(page: Page): { readonly samples: ReadonlyMap<string, Series>; readonly reading: Reading } {
  const created = createdOf(page);
  const samples = new Map<string, Series>();
  const series: Record<string, number> = {};
  for (const family of page.families) {
    for (const sample of family.series) {
      if (!counts(family, sample) || !Number.isFinite(sample.value)) continue;
      const id = seriesId(sample.name, sample.labels);
      samples.set(id, sample);
      series[keyOf(GROUP, id)] = sample.value;
      const began = created.of(sample.name, sample.labels);
      if (began !== null) series[keyOf(CREATED, id)] = began;
    }
  }
  return { samples, reading: { t: 0, started: startedOf(page), series } };
}

function deltaOf(id: string, { name, labels, value }: Series, before: Reading, after: Reading): Delta {
  const only = ({ series, ...rest }: Reading): Reading => {
    const keys = [keyOf(GROUP, id), keyOf(CREATED, id)].filter((key) => series[key] !== undefined);
    return { ...rest, series: Object.fromEntries(keys.map((key) => [key, series[key] ?? 0])) };
  };
  const delta = increase(only(before), only(after))[GROUP] ?? 0;
  const old = before.series[keyOf(GROUP, id)];
  return { name, labels, delta, was: old === undefined ? "new" : delta === value - old ? "there" : "reset" };
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
