import type { Arms, Both, Evidence } from "../core/ports.ts";
import type { Measure } from "../core/service.ts";
import { type Ms, never } from "../core/units.ts";
import { type Sum, sumWithin } from "./window.ts";

type Sums = Readonly<Record<string, number>>;

/**
 * What two pools counted after `from`, up to the newest read that read all of both.
 *
 * While a page cannot be read, its next increase spans the time until it can: nothing is taken before that. Where the pools then do not
 * tell of the same time (one was unreadable for longer than increases are kept, or has only just begun), the stretch is passed over.
 */
export function armsWithin(kind: Measure["kind"], { canary, stable }: Both, from: Ms): Arms | null {
  if (canary.evidence.problem !== null || stable.evidence.problem !== null) return null;
  const one = sumAfter(canary.evidence, from);
  const other = sumAfter(stable.evidence, from);
  if (one === null || other === null) return null;
  if (one.from !== other.from || one.to !== other.to) {
    const to = Math.max(one.to, other.to);
    return { from: to, to, ...counted(kind, {}, {}) };
  }
  return { from: one.from, to: one.to, ...counted(kind, one.counts, other.counts) };
}

/** Two reads at the same instant leave an increase that ends where it begins: it belongs to what was taken before. */
function sumAfter({ slices }: Evidence, from: Ms): Sum | null {
  const after = slices.filter((slice) => slice.to > from);
  return sumWithin(after, from, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
}

type Counted = Arms extends infer A ? (A extends Arms ? Omit<A, "from" | "to"> : never) : never;

function counted(kind: Measure["kind"], canary: Sums, stable: Sums): Counted {
  switch (kind) {
    case "ratio":
      return { of: "failures", canary: failures(canary), stable: failures(stable) };
    case "quantile":
      return { of: "buckets", canary: buckets(canary), stable: buckets(stable) };
    default:
      return never(kind);
  }
}

function failures({ of, to }: Sums): { readonly n: number; readonly x: number } {
  return { n: to ?? 0, x: of ?? 0 };
}

function buckets(sums: Sums): { readonly bounds: number[]; readonly counts: number[]; readonly n: number } {
  const finite = Object.entries(sums)
    .filter(([le]) => le !== "+Inf")
    .map(([le, count]) => ({ bound: Number(le), count }))
    .sort((a, b) => a.bound - b.bound);
  return { bounds: finite.map(({ bound }) => bound), counts: finite.map(({ count }) => count), n: sums["+Inf"] ?? 0 };
}
