import type { Arms, Both, Evidence } from "../core/ports.ts";
import type { Ms } from "../core/units.ts";
import { type Sum, sumWithin } from "./window.ts";

/**
 * What two pools counted after `from`, up to the newest read that read all of both.
 *
 * While a page cannot be read, its next increase spans the time until it can: nothing is taken before that. Where the pools then do not
 * tell of the same time (one was unreadable for longer than increases are kept, or has only just begun), the stretch is passed over.
 */
export function armsWithin({ canary, stable }: Both, from: Ms): Arms | null {
  if (canary.evidence.problem !== null || stable.evidence.problem !== null) return null;
  const one = sumAfter(canary.evidence, from);
  const other = sumAfter(stable.evidence, from);
  if (one === null || other === null) return null;
  if (one.from !== other.from || one.to !== other.to) {
    const to = Math.max(one.to, other.to);
    return { from: to, to, of: "failures", canary: NOTHING, stable: NOTHING };
  }
  return { from: one.from, to: one.to, of: "failures", canary: countsOf(one.counts), stable: countsOf(other.counts) };
}

/** Two reads at the same instant leave an increase that ends where it begins: it belongs to what was taken before. */
function sumAfter({ slices }: Evidence, from: Ms): Sum | null {
  const after = slices.filter((slice) => slice.to > from);
  return sumWithin(after, from, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
}

const NOTHING = { n: 0, x: 0 };

function countsOf({ of, to }: Readonly<Record<string, number>>): { readonly n: number; readonly x: number } {
  return { n: to ?? 0, x: of ?? 0 };
}
