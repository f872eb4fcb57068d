import type { Slice } from "../core/ports.ts";
import type { Ms } from "../core/units.ts";

/** Slices older than this many windows are of no use to any check. */
const WINDOWS_KEPT = 2;
/**
 * Slices finer than this part of a window are put together, so that a long window that is read often stays small; what a
 * step's entry may lose by it is no more than that.
 */
const FINEST = 1 / 120;

/** What a stretch of slices adds up to; the time that they cover without a gap. */
export type Sum = { readonly from: Ms; readonly to: Ms; readonly counts: Readonly<Record<string, number>> };

/** The slices that are worth keeping at `t`, in order of their ends. */
export function keepSlices(slices: readonly Slice[], added: readonly Slice[], windowMs: Ms, t: Ms): readonly Slice[] {
  const kept: Slice[] = [];
  for (const slice of [...slices, ...added]) {
    if (slice.to < t - WINDOWS_KEPT * windowMs) continue;
    const last = kept.at(-1);
    const fine = last !== undefined && last.to === slice.from && slice.to - last.from <= windowMs * FINEST;
    if (fine) kept[kept.length - 1] = join(last, slice);
    else kept.push(slice);
  }
  return kept;
}

/**
 * The sum of the newest slices that lie wholly between `from` and `to` and cover `windowMs` without a gap; of all of them where they
 * cover less. Null where there is none.
 */
export function sumWithin(slices: readonly Slice[], from: Ms, to: Ms, windowMs: Ms): Sum | null {
  const inside = slices.filter((slice) => slice.from >= from && slice.to <= to);
  const end = Math.max(...inside.map((slice) => slice.to));
  if (inside.length === 0) return null;
  const start = startOf(inside, end, windowMs);
  const counts: Record<string, number> = {};
  for (const slice of inside) {
    if (slice.from >= start) add(counts, slice.counts);
  }
  return { from: start, to: end, counts };
}

/** Goes back from the end, slice by slice, until the window is full or a gap comes. */
function startOf(inside: readonly Slice[], end: Ms, windowMs: Ms): Ms {
  let start = end;
  for (;;) {
    if (end - start >= windowMs) return start;
    const reached = inside.filter((slice) => slice.to >= start && slice.from < start);
    if (reached.length === 0) return start;
    // One endpoint that was not read for a while has a longer slice than the others: step by the shortest.
    start = Math.max(...reached.map((slice) => slice.from));
  }
}

function join(first: Slice, second: Slice): Slice {
  const counts = { ...first.counts };
  add(counts, second.counts);
  return { from: first.from, to: second.to, counts };
}

function add(counts: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [group, count] of Object.entries(more)) counts[group] = (counts[group] ?? 0) + count;
}
