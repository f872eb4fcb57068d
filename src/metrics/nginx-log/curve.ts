import type { PoolSeries, Series } from "../../core/traffic.ts";
import { type Ms, type PoolName, WHOLE } from "../../core/units.ts";
import { quantileOf } from "../histogram.ts";
import { boundMs, bucketOf } from "./buckets.ts";
import type { Line } from "./line.ts";
import type { Place } from "./tally.ts";

/** How many points are kept; those that are still being written come on top. */
const POINTS = 180;
const OPEN = 6;
/** A curve needs half of the buckets that a judgement does: each ends 10 % above the one before, and the last at infinity. */
const BUCKETS = (bucketOf(Number.POSITIVE_INFINITY) >> 1) + 1;

/** What one pool did in one point. `times` counts the first tries that succeeded, by bucket. */
type Cell = { n: number; x: number; times: Uint32Array | null };

/** Requests, failures and latencies by pool over the last points, for curves. Bounded, however much is going on. */
export class Curve {
  readonly everyMs: Ms;
  readonly #points = new Map<number, Map<PoolName, Cell>>();

  constructor(everyMs: Ms) {
    this.everyMs = everyMs;
  }

  /** Counts a request once, for the pool that it was sent to first, where its first try ended. */
  add(line: Line, place: Place): void {
    const first = line.attempts[0];
    const pool = first === undefined ? null : (place(first.address) ?? line.pool);
    if (first === undefined || pool === null) return;
    const cell = this.#cell(Math.floor(line.endedAt / this.everyMs), pool);
    cell.n += WHOLE / line.sample;
    if ((first.status ?? 0) >= 500) cell.x += WHOLE / line.sample;
    else if (first.status !== null) {
      cell.times ??= new Uint32Array(BUCKETS);
      const bucket = bucketOf(first.tookMs) >> 1;
      cell.times[bucket] = (cell.times[bucket] ?? 0) + 1;
    }
  }

  #cell(index: number, pool: PoolName): Cell {
    const known = this.#points.get(index);
    const pools = known ?? new Map<PoolName, Cell>();
    if (known === undefined) {
      this.#points.set(index, pools);
      for (const old of this.#points.keys()) if (old < index - POINTS - OPEN) this.#points.delete(old);
    }
    const cell = pools.get(pool) ?? { n: 0, x: 0, times: null };
    pools.set(pool, cell);
    return cell;
  }

  /** The whole points between two instants of the wall clock, the newest of them where there are more than are kept. */
  between(from: Ms, to: Ms): Series {
    const end = Math.floor(to / this.everyMs);
    const first = Math.max(Math.ceil(from / this.everyMs), end - POINTS);
    const points = Math.max(0, end - first);
    const names = new Set([...this.#points].filter(([at]) => at >= first && at < end).flatMap(([, pools]) => [...pools.keys()]));
    const cells = (pool: PoolName) => Array.from({ length: points }, (_, at) => this.#points.get(first + at)?.get(pool));
    const pools = Object.fromEntries([...names].map((pool) => [pool, seriesOf(cells(pool))]));
    return { from: first * this.everyMs, everyMs: this.everyMs, points, pools };
  }
}

function seriesOf(cells: readonly (Cell | undefined)[]): PoolSeries {
  const quantile = (q: number) => cells.map((cell) => (cell?.times == null ? null : quantileMs(q, cell.times)));
  return {
    requests: cells.map((cell) => cell?.n ?? 0),
    failed: cells.map((cell) => cell?.x ?? 0),
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
  };
}

/** To a tenth of a millisecond: more is not in the buckets. */
function quantileMs(q: number, times: Uint32Array): number {
  let count = 0;
  const buckets = [...times].map((more, bucket) => {
    count += more;
    return { le: boundMs(2 * bucket + 1), count };
  });
  return Math.round(quantileOf(q, buckets).value * 10) / 10;
}
