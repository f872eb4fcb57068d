import type { Slice } from "../../core/ports.ts";
import type { NginxMetric } from "../../core/service.ts";
import type { Ms, PoolName } from "../../core/units.ts";
import { bucketOf } from "./buckets.ts";
import { type Cell, GRAIN_MS, type Tally } from "./tally.ts";

/** A window has this many slices. */
const SLICES = 60;
/** How many windows of slices are kept. */
const WINDOWS_KEPT = 2;
/** Counts of failures are looked at this finely at first, so that an outage shows at once, whatever the window. */
const FINE_MS: Ms = GRAIN_MS;
/** How much longer than the interval slices stay fine: every look then finds the same ones, however soon it comes. */
const FINE_FOR_MS: Ms = 10_000;
/** The newest complete slices may still wait for a stretch of both pools to be full. */
const UNSEEN_MS: Ms = 2_000;
const MOST_FINE_MS: Ms = 240_000;
/** Latencies by bucket are many numbers: of them no more is kept than a window needs, and what one read may bring for comparisons. */
const LATENCY_SLICES = 70;
const MOST_COMPARED = 6_000;

/** What is added to the slices at one read. Times are controller time. */
export type Addition = {
  readonly tally: Tally;
  /** Added to a time of the wall clock, gives controller time. */
  readonly offsetMs: Ms;
  /** Requests that began before count for nothing: the step had not taken effect. */
  readonly since: Ms;
  /** The pool whose latencies are also counted over 1 + margin, for each of these margins, as LatE compares them. */
  readonly eased: PoolName;
  readonly margins: readonly number[];
  /** From where on the slices are without a gap. */
  readonly from: Ms;
  /** Until where the log is complete. */
  readonly to: Ms;
};

/** How long a slice is at last: a sixtieth of the window, in whole grains. */
function sliceMs(metric: NginxMetric): Ms {
  return Math.max(1, Math.round(metric.windowMs / SLICES / GRAIN_MS)) * GRAIN_MS;
}

/** How long a slice is at first; a whole number of them makes one of `sliceMs`. */
export function newSliceMs(metric: NginxMetric): Ms {
  return metric.measure === "errors" ? FINE_MS : sliceMs(metric);
}

/**
 * Slices by when requests ended, so that each try is counted once, in a slice that nobody has looked at yet: a line that comes late goes to
 * the next one that is not complete. New ones have the same length, at instants that are fixed in advance; old ones are put together.
 */
export function addSlices(metric: NginxMetric, before: readonly Slice[], addition: Addition): readonly Slice[] {
  const { tally, offsetMs, since, from, to, eased, margins } = addition;
  const width = newSliceMs(metric);
  const oldest = to - WINDOWS_KEPT * SLICES * sliceMs(metric);
  const first = Math.ceil(from / width);
  const last = Math.floor(to / width) - 1;
  const added = new Map<number, Record<string, number>>();
  for (let index = Math.max(first, Math.ceil(oldest / width)); index <= last; index += 1) added.set(index, {});
  for (const { startedAt, endedAt, pool, cell } of tally.cells()) {
    if (startedAt + offsetMs < since) continue;
    const index = Math.max(first, Math.floor((endedAt + offsetMs) / width));
    const counts = added.get(index) ?? {};
    added.set(index, counts);
    count(metric, counts, pool, cell, pool === eased ? margins : []);
  }
  // Slices that were begun at an earlier read are as new as these.
  const slices = new Map(before.map((slice) => [slice.from, slice]));
  for (const [index, counts] of added) {
    const start = index * width;
    slices.set(start, { from: start, to: start + width, counts: sum(slices.get(start)?.counts ?? {}, counts) });
  }
  const kept = [...slices.values()].filter((slice) => slice.from >= oldest).sort((a, b) => a.from - b.from);
  // What no look has seen yet stays fine, unless it is so much that it would fill the store.
  const until = Math.max(Math.min(to - metric.intervalMs - FINE_FOR_MS, from - UNSEEN_MS), to - MOST_FINE_MS);
  return metric.measure === "errors" ? coarser(kept, sliceMs(metric), until) : compared(kept, eased, from);
}

/**
 * Leaves the buckets that only comparisons look at in the slices of this read alone: a comparison takes them with it, and they would fill the
 * store. After a long absence everything is new at once: the newest slices have them then. The candidate's own are measured over the whole window.
 */
function compared(slices: readonly Slice[], eased: PoolName, from: Ms): readonly Slice[] {
  const measured = (key: string) => key.startsWith(`${eased} b`) || key.endsWith(" n") || key.endsWith(" x");
  let left = MOST_COMPARED;
  const newestFirst = slices
    .slice(-LATENCY_SLICES)
    .reverse()
    .map((slice) => {
      const kept = Object.entries(slice.counts).filter(([key]) => measured(key));
      left -= Object.keys(slice.counts).length - kept.length;
      return slice.from >= from && left >= 0 ? slice : { ...slice, counts: Object.fromEntries(kept) };
    });
  return newestFirst.reverse();
}

/** Puts together what lies in the same `width`, up to a time. */
function coarser(slices: readonly Slice[], width: Ms, until: Ms): readonly Slice[] {
  const kept: Slice[] = [];
  for (const slice of slices) {
    const last = kept.at(-1);
    const together =
      last !== undefined &&
      last.to === slice.from &&
      slice.to <= until &&
      Math.floor(last.from / width) === Math.floor(slice.from / width);
    if (together) kept[kept.length - 1] = { from: last.from, to: slice.to, counts: sum(last.counts, slice.counts) };
    else kept.push(slice);
  }
  return kept;
}

function count(
  metric: NginxMetric,
  counts: Record<string, number>,
  pool: PoolName,
  { n, x, times }: Cell,
  margins: readonly number[],
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
    for (const margin of margins) add(`e${bucketOf(ms / (1 + margin))}/${margin}`, more);
  }
}

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const counts = { ...a };
  for (const [name, more] of Object.entries(b)) counts[name] = (counts[name] ?? 0) + more;
  return counts;
}
