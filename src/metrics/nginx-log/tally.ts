import { type Ms, type PoolName, WHOLE } from "../../core/units.ts";
import type { Line } from "./line.ts";

/** How finely times are kept: a request counts for a step only where its whole grain lies after the step took effect. */
export const GRAIN_MS: Ms = 250;
/** A request that took longer than these grains counts as if it had taken so long: 17 minutes. */
const LONGEST_LAG = 4_096;

/** What the members of a pool did in one grain. */
export type Cell = {
  /** Tries that ended in an answer, or in none where one was due. A client that left says nothing about the member. */
  n: number;
  /** Those that failed: a 5xx, a refused connection, a time-out. */
  x: number;
  /** The others by how long they took, in whole ms. */
  readonly times: Map<Ms, number>;
};

/** Which pool an address belongs to; null where that is not known. */
export type Place = (address: string) => PoolName | null;

/** Tries at members, by pool, by the grain in which their request ended, and by that in which it began. Times are wall clock. */
export class Tally {
  readonly #cells = new Map<number, Map<PoolName, Cell>>();

  /** Counts each try for the pool that its address belongs to; one that is nowhere known, for the pool that nginx chose. */
  add(line: Line, place: Place): void {
    const end = Math.floor(line.endedAt / GRAIN_MS);
    const start = Math.floor(line.startedAt / GRAIN_MS);
    const key = end * LONGEST_LAG + Math.min(LONGEST_LAG - 1, Math.max(0, end - start));
    for (const { address, status, tookMs } of line.attempts) {
      const pool = place(address) ?? line.pool;
      if (status === null || pool === null) continue;
      const cell = this.#cell(key, pool);
      cell.n += 1;
      if (status >= 500) cell.x += 1;
      else cell.times.set(tookMs, (cell.times.get(tookMs) ?? 0) + 1);
    }
  }

  addAll(other: Tally): void {
    for (const [key, pools] of other.#cells) {
      for (const [pool, { n, x, times }] of pools) {
        const cell = this.#cell(key, pool);
        cell.n += n;
        cell.x += x;
        for (const [ms, count] of times) cell.times.set(ms, (cell.times.get(ms) ?? 0) + count);
      }
    }
  }

  /** All cells; `startedAt` is the beginning of the grain in which the requests began, `endedAt` of that in which they ended. */
  *cells(): Generator<{ startedAt: Ms; endedAt: Ms; pool: PoolName; cell: Cell }> {
    for (const [key, pools] of this.#cells) {
      const end = Math.floor(key / LONGEST_LAG);
      const start = end - (key % LONGEST_LAG);
      for (const [pool, cell] of pools) yield { startedAt: start * GRAIN_MS, endedAt: end * GRAIN_MS, pool, cell };
    }
  }

  get empty(): boolean {
    return this.#cells.size === 0;
  }

  #cell(key: number, pool: PoolName): Cell {
    const pools = this.#cells.get(key) ?? new Map<PoolName, Cell>();
    const cell = pools.get(pool) ?? { n: 0, x: 0, times: new Map<Ms, number>() };
    if (pools.size === 0) this.#cells.set(key, pools);
    pools.set(pool, cell);
    return cell;
  }
}

/** What one pool was sent: requests, and those whose first try failed. Scaled up where only a part is written down. */
type Sent = { n: number; x: number };

/** Requests by pool over the last minutes, for people: each counts once, for the pool that it was sent to first. */
export class Recent {
  readonly #seconds = new Map<number, Map<PoolName, Sent>>();
  readonly #keepMs: Ms;

  constructor(keepMs: Ms) {
    this.#keepMs = keepMs;
  }

  add(line: Line, place: Place): void {
    const first = line.attempts[0];
    const pool = first === undefined ? null : (place(first.address) ?? line.pool);
    if (first === undefined || pool === null) return;
    const second = Math.floor(line.endedAt / 1_000);
    const pools = this.#seconds.get(second) ?? new Map<PoolName, Sent>();
    if (pools.size === 0) {
      this.#seconds.set(second, pools);
      for (const old of this.#seconds.keys()) if (old < second - this.#keepMs / 1_000 - 5) this.#seconds.delete(old);
    }
    const sent = pools.get(pool) ?? { n: 0, x: 0 };
    pools.set(pool, sent);
    sent.n += WHOLE / line.sample;
    if ((first.status ?? 0) >= 500) sent.x += WHOLE / line.sample;
  }

  /** The sums between two instants of the wall clock, to whole seconds. */
  between(from: Ms, to: Ms): Readonly<Record<PoolName, Readonly<Sent>>> {
    const sums: Record<PoolName, Sent> = {};
    for (const [second, pools] of this.#seconds) {
      if (second * 1_000 < from || (second + 1) * 1_000 > to) continue;
      for (const [pool, { n, x }] of pools) {
        const sum = sums[pool] ?? { n: 0, x: 0 };
        sums[pool] = { n: sum.n + n, x: sum.x + x };
      }
    }
    return sums;
  }
}
