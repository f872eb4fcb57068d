import type { Evidence, Measurement } from "../core/ports.ts";
import type { Measure } from "../core/service.ts";
import { type Ms, never } from "../core/units.ts";
import { levelsOf } from "./gauge-slices.ts";
import { quantileOf } from "./histogram.ts";
import { sumWithin } from "./window.ts";

type Value = { readonly value: number | null; readonly samples: number | null; readonly problem: string | null };

/** Boils the newest window of evidence that lies wholly between `from` and `to` down to a number. */
export function measured(measure: Measure, evidence: Evidence, from: Ms, to: Ms, windowMs: Ms): Measurement {
  const sum = sumWithin(evidence.slices, from, to, windowMs);
  if (sum === null)
    return { value: null, samples: 0, from: null, to: null, problem: evidence.problem, lacking: evidence.lacking };
  const found = { from: sum.from, to: sum.to };
  // One event in the first second of a step is no rate, and one sample no level.
  if ((measure.kind === "rate" || measure.kind === "gauge") && sum.to - sum.from < windowMs) {
    const lacking = `a ${measure.kind} needs a full window: ${seconds(sum.to - sum.from)} of ${seconds(windowMs)} so far`;
    return { value: null, samples: null, ...found, problem: evidence.problem, lacking: evidence.lacking ?? lacking };
  }
  const { value, samples, problem } = numberFrom(measure, sum.counts);
  return { value, samples, ...found, problem: evidence.problem ?? problem, lacking: evidence.lacking };
}

function numberFrom(measure: Measure, counts: Readonly<Record<string, number>>): Value {
  switch (measure.kind) {
    case "ratio":
      return ratio(measure, counts.of ?? 0, counts.to ?? 0);
    case "quantile":
      return quantile(measure.q, measure.of, counts);
    case "rate":
      return { value: (counts.of ?? 0) / (counts.seconds ?? Number.NaN), samples: null, problem: null };
    case "gauge":
      return { value: mean(levelsOf(counts).map((level) => level.mean)), samples: null, problem: null };
    default:
      return never(measure);
  }
}

/** `of` need not be a part of `to`: retries over requests may well be above 1. */
function ratio(names: { readonly of: string; readonly to: string }, of: number, to: number): Value {
  if (to > 0) return { value: of / to, samples: Math.round(to), problem: null };
  const problem = of > 0 ? `${names.of} rose by ${of} while ${names.to} did not rise at all` : null;
  return { value: null, samples: 0, problem };
}

function quantile(q: number, name: string, counts: Readonly<Record<string, number>>): Value {
  const buckets = Object.entries(counts).map(([le, count]) => ({ le: le === "+Inf" ? Infinity : Number(le), count }));
  const samples = Math.round(counts["+Inf"] ?? 0);
  if (samples === 0) return { value: null, samples, problem: null };
  const { value, clipped } = quantileOf(q, buckets);
  if (Number.isNaN(value)) return { value: null, samples, problem: `${name} has no bucket besides +Inf` };
  const problem = clipped ? `the quantile ${q} of ${name} lies above its highest bucket bound, ${value}` : null;
  return { value, samples, problem };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
}

function seconds(ms: Ms): string {
  return `${Math.floor(ms / 100) / 10} s`;
}
