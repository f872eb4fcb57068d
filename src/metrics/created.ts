import { type Labels, type Page, seriesId } from "./page.ts";

/**
 * When series were created, in seconds since 1970 by the clock of their process: `_created` of OpenMetrics 1.0, which client libraries
 * also write in the text format, as gauges.
 */
export type Created = { of(name: string, labels: Labels): number | null };

const ENDING = "_created";

/** Looks for all of a page's times of creation once. */
export function createdOf(page: Page): Created {
  const known = new Map<string, number>();
  for (const { series } of page.families) {
    for (const { name, labels, value } of series)
      if (name.endsWith(ENDING) && Number.isFinite(value)) known.set(seriesId(name.slice(0, -ENDING.length), labels), value);
  }
  return {
    of(name, labels) {
      if (known.size === 0) return null;
      return known.get(seriesId(name.replace(/_(?:total|count|sum|bucket)$/, ""), withoutBound(labels))) ?? null;
    },
  };
}

/** A histogram is created as a whole, not bucket by bucket. */
function withoutBound(labels: Labels): Labels {
  if (!Object.hasOwn(labels, "le")) return labels;
  const { le: _, ...rest } = labels;
  return rest;
}
