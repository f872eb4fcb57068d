import type { Bp, Ms, PoolName } from "./units.ts";

/**
 * What each pool of a service did over the last minutes, point after point, as nginx wrote it down. Every list has one entry for each
 * point; the first point begins at `from`.
 */
export type Series = {
  /** Wall clock. */
  readonly from: Ms;
  readonly everyMs: Ms;
  readonly points: number;
  readonly pools: Readonly<Record<PoolName, PoolSeries>>;
};

/** Requests that were sent to a pool first, scaled up where only a part is written down. Quantiles are null where nothing succeeded. */
export type PoolSeries = {
  readonly requests: readonly number[];
  readonly failed: readonly number[];
  readonly p50Ms: readonly (number | null)[];
  readonly p95Ms: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
};

/** How long a point may be: seconds for what is going on, ten of them for half an hour. */
export const POINT_LENGTHS = [1_000, 10_000] as const;

/** The body of the API. `series` is null where nothing counts the requests of the service. */
export type TrafficView = {
  readonly series: (Omit<Series, "from"> & { readonly from: string; readonly sample: Bp }) | null;
};

/** As people and programs are shown it; `sample` is the part of the requests that is written down. */
export function showTraffic(series: Series | null, sample: Bp): TrafficView {
  return { series: series === null ? null : { ...series, from: new Date(series.from).toISOString(), sample } };
}
