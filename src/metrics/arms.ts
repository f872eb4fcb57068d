import type { Arms, Both, Evidence, Slice } from "../core/ports.ts";
import type { Measure } from "../core/service.ts";
import { type Ms, never } from "../core/units.ts";
import { levelsAt } from "./gauge-slices.ts";
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
  const apart = one.from !== other.from || one.to !== other.to;
  const to = Math.max(one.to, other.to);
  if (kind === "gauge") {
    const samples = apart ? [] : gaugeSamples(canary.evidence.slices, stable.evidence.slices, one);
    return { from: apart ? to : one.from, to, of: "gauge", samples };
  }
  if (apart) return { from: to, to, ...counted(kind, {}, {}) };
  return { from: one.from, to: one.to, ...counted(kind, one.counts, other.counts) };
}

/** Two reads at the same instant leave an increase that ends where it begins: it belongs to what was taken before. */
function sumAfter({ slices }: Evidence, from: Ms): Sum | null {
  const after = slices.filter((slice) => slice.to > from);
  return sumWithin(after, from, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
}

/** The reads that both pools had, in order. */
function gaugeSamples(canary: readonly Slice[], stable: readonly Slice[], { from, to }: Sum): readonly GaugeSample[] {
  const others = levelsAt(stable, from, to);
  return [...levelsAt(canary, from, to)].flatMap(([at, levels]) => {
    const other = others.get(at);
    // A page may have left the gauge out.
    if (other === undefined || other.length === 0 || levels.length === 0) return [];
    return {
      canary: median(levels.map(({ mean }) => mean)),
      stable: Object.fromEntries(other.map((one) => [one.endpoint, one.mean])),
    };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? Number.NaN) + upper) / 2;
}

type GaugeSample = Extract<Arms, { of: "gauge" }>["samples"][number];

type Counted = Arms extends infer A ? (A extends Arms ? Omit<A, "from" | "to"> : never) : never;

function counted(kind: Exclude<Measure["kind"], "gauge">, canary: Sums, stable: Sums): Counted {
  switch (kind) {
    case "ratio":
      return { of: "failures", canary: failures(canary), stable: failures(stable) };
    case "quantile":
      return { of: "buckets", canary: buckets(canary), stable: buckets(stable) };
    case "rate":
      return { of: "events", canary: events(canary), stable: events(stable) };
    default:
      return never(kind);
  }
}

function failures({ of, to }: Sums): { readonly n: number; readonly x: number } {
  return { n: to ?? 0, x: of ?? 0 };
}

function events({ of, seconds }: Sums): { readonly n: number; readonly x: number } {
  return { n: seconds ?? 0, x: of ?? 0 };
}

function buckets(sums: Sums): { readonly bounds: number[]; readonly counts: number[]; readonly n: number } {
  const finite = Object.entries(sums)
    .filter(([le]) => le !== "+Inf")
    .map(([le, count]) => ({ bound: Number(le), count }))
    .sort((a, b) => a.bound - b.bound);
  return { bounds: finite.map(({ bound }) => bound), counts: finite.map(({ count }) => count), n: sums["+Inf"] ?? 0 };
}
