import type { Slice } from "../core/ports.ts";
import type { Endpoint, Ms } from "../core/units.ts";

/** What one member's gauge was over the slices that count its reads. */
export type Level = { readonly endpoint: Endpoint; readonly mean: number };

/** The counts of one read of a member's gauge: its sum and how many, so that slices can be put together as those of counters are. */
export function gaugeCounts(endpoint: Endpoint, value: number): Readonly<Record<string, number>> {
  return { [`sum ${endpoint}`]: value, [`reads ${endpoint}`]: 1 };
}

/** The mean of each member in some counts, by address. */
export function levelsOf(counts: Readonly<Record<string, number>>): readonly Level[] {
  return Object.entries(counts).flatMap(([key, sum]) => {
    if (!key.startsWith("sum ")) return [];
    const endpoint = key.slice("sum ".length);
    return { endpoint, mean: sum / (counts[`reads ${endpoint}`] ?? 1) };
  });
}

/** The members' levels at each read after `from`, by the time of the read. */
export function levelsAt(slices: readonly Slice[], from: Ms, to: Ms): ReadonlyMap<Ms, readonly Level[]> {
  const found = new Map<Ms, readonly Level[]>();
  for (const slice of slices) {
    if (slice.from < from || slice.to > to) continue;
    found.set(slice.to, [...(found.get(slice.to) ?? []), ...levelsOf(slice.counts)]);
  }
  return found;
}
