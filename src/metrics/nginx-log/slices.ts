import type { Slice } from "../../core/ports.ts";
import type { NginxMetric } from "../../core/service.ts";
import type { Ms, PoolName } from "../../core/units.ts";
import { bucketOf } from "./buckets.ts";
import { type Cell, GRAIN_MS, type Tally } from "./tally.ts";

/** A window has this many slices. */
const SLICES = 60;
/** How many windows of slices are kept. */
const WINDOWS_KEPT = 2;

/** What is added to the slices at one read. Times are controller time. */
export type Addition = {
  readonly tally: Tally;
  /** Added to a time of the wall clock, gives controller time. */
  readonly offsetMs: Ms;
  /** Requests that began before count for nothing: the step had not taken effect. */
  readonly since: Ms;
  /** The pool whose latencies are also counted over `1 + margin`, as LatE compares them. */
  readonly eased: PoolName;
  readonly margin: number;
  /** From where on the slices are without a gap. */
  readonly from: Ms;
  /** Until where the log is complete. */
  readonly to: Ms;
};

/** How long a slice is: a sixtieth of the window, in whole grains. */
export function sliceMs(metric: NginxMetric): Ms {
  return Math.max(1, Math.round(metric.windowMs / SLICES / GRAIN_MS)) * GRAIN_MS;
}

/**
 * Slices of equal length, by when requests ended, so that each try is counted once, in a slice that nobody has looked at yet: a line that
 * comes late goes to the next one that is not complete.
 */
export function addSlices(metric: NginxMetric, before: readonly Slice[], addition: Addition): readonly Slice[] {
  const { tally, offsetMs, since, from, to, eased, margin } = addition;
  const width = sliceMs(metric);
  const first = Math.ceil(from / width);
  const last = Math.floor(to / width) - 1;
  const added = new Map<number, Record<string, number>>();
  for (let index = Math.max(first, last - keptSlices()); index <= last; index += 1) added.set(index, {});
  for (const { startedAt, endedAt, pool, cell } of tally.cells()) {
    if (startedAt + offsetMs < since) continue;
    const index = Math.max(first, Math.floor((endedAt + offsetMs) / width));
    const counts = added.get(index) ?? {};
    added.set(index, counts);
    count(metric, counts, pool, cell, pool === eased ? 1 + margin : null);
  }
  const slices = new Map(before.map((slice) => [Math.round(slice.from / width), slice.counts]));
  for (const [index, counts] of added) slices.set(index, sum(slices.get(index) ?? {}, counts));
  const oldest = last - keptSlices();
  return [...slices]
    .filter(([index]) => index >= oldest)
    .sort(([a], [b]) => a - b)
    .map(([index, counts]) => ({ from: index * width, to: (index + 1) * width, counts }));
}

function keptSlices(): number {
  return WINDOWS_KEPT * SLICES;
}

function count(
  metric: NginxMetric,
  counts: Record<string, number>,
  pool: PoolName,
  { n, x, times }: Cell,
  ease: number | null,
): void {
  const add = (name: string, more: number) => {
    counts[`${pool} ${name}`] = (counts[`${pool} ${name}`] ?? 0) + more;
  };
  add("n", n);
  if (x > 0) add("x", x);
  if (metric.measure !== "latency") return;
  for (const [ms, more] of times) {
    add(`b${bucketOf(ms)}`, more);
    // A margin cannot be taken off afterwards, from buckets.
    if (ease !== null) add(`e${bucketOf(ms / ease)}`, more);
  }
}

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const counts = { ...a };
  for (const [name, more] of Object.entries(b)) counts[name] = (counts[name] ?? 0) + more;
  return counts;
}
