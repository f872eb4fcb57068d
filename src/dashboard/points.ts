import type { PoolSeries } from "../core/traffic.ts";

/** Points that belong together: `at` in seconds since 1970, and of each pool one entry a point. */
export type Points = {
  readonly everyMs: number;
  readonly at: readonly number[];
  readonly pools: Readonly<Record<string, PoolSeries>>;
};
