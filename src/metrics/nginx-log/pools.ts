import type { Evidence } from "../../core/ports.ts";
import type { Ms, PoolName } from "../../core/units.ts";

/** What a pool did in a stretch of time, in tries at its members. */
export type PoolCounts = {
  /** Tries, and those that failed. */
  readonly n: number;
  readonly x: number;
  /** The others by bucket of latency: bucket k ends at 1.05^k ms. Trailing zeros are left out. */
  readonly latencies: readonly number[];
  /** The same by margin, each latency first divided by 1 + margin: of the candidate's pool alone, else empty. */
  readonly eased: Readonly<Record<string, readonly number[]>>;
};

/** All pools over the same stretch of time, controller time. */
export type PoolWindow = { readonly from: Ms; readonly to: Ms; readonly pools: Readonly<Record<PoolName, PoolCounts>> };

/**
 * What the pools of a service did in the slices that lie wholly between `from` and `to`, as far as the log is complete without a gap
 * from the first of them on; null where there is none.
 *
 * Each try is in one slice, which does not change once it is complete: windows that do not overlap count nothing twice.
 */
export function poolsWithin(evidence: Evidence, from: Ms, to: Ms): PoolWindow | null {
  const reading = readingOf(evidence);
  if (reading === null) return null;
  const inside = evidence.slices.filter(
    (slice) => slice.from >= Math.max(from, reading.floor) && slice.to <= Math.min(to, reading.t),
  );
  const [first] = inside;
  if (first === undefined) return null;
  const pools: Record<PoolName, { n: number; x: number; latencies: number[]; eased: Record<string, number[]> }> = {};
  let end = first.from;
  for (const slice of inside) {
    if (slice.from !== end) break;
    end = slice.to;
    for (const [key, count] of Object.entries(slice.counts)) {
      const [pool = "", what = ""] = key.split(" ");
      pools[pool] ??= { n: 0, x: 0, latencies: [], eased: {} };
      const counts = pools[pool];
      if (what === "n" || what === "x") counts[what] += count;
      else addLatency(counts, what, count);
    }
  }
  return { from: first.from, to: end, pools };
}

/** Whose evidence it is, until when it is complete, and from when on it holds nothing of an earlier step. */
export function readingOf(evidence: Evidence): { readonly pool: PoolName; readonly t: Ms; readonly floor: Ms } | null {
  const [known] = Object.entries(evidence.last);
  if (known === undefined) return null;
  const [pool, { t, series }] = known;
  return { pool, t, floor: series.floor ?? Number.NEGATIVE_INFINITY };
}

/** `b17` is bucket 17, `e17/0.1` the same of latencies that were divided by 1.1. */
function addLatency(counts: { latencies: number[]; eased: Record<string, number[]> }, what: string, more: number): void {
  const [bucket = "", margin] = what.slice(1).split("/");
  if (margin !== undefined) counts.eased[margin] ??= [];
  addAt(margin === undefined ? counts.latencies : (counts.eased[margin] ?? []), Number(bucket), more);
}

function addAt(counts: number[], bucket: number, more: number): void {
  while (counts.length <= bucket) counts.push(0);
  counts[bucket] = (counts[bucket] ?? 0) + more;
}
