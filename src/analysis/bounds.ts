import { amount, amountBeside, countOf, secondsText } from "./figures.ts";
import { sampleText } from "./sentence.ts";
import type { Unit, Verdict } from "./verdict.ts";

/** A rule with a fixed bound, in the unit of what is measured (2 % is 0.02). */
export type BoundCheck = {
  readonly name: string;
  readonly rule: { readonly kind: "above" | "below"; readonly bound: number };
  /** Fewer samples than this are no evidence; a source that does not count its samples is taken at its word. */
  readonly minRequests: number;
};

/** What was measured, and over which time; `problem` says why it cannot be trusted. */
export type Measured = {
  readonly value: number | null;
  /** Null where the source does not count: `minRequests` then means nothing. */
  readonly samples: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly problem: string | null;
  /** Why there is no value although nothing is broken, in words, or null. */
  readonly lacking: string | null;
};

/** Times and durations are milliseconds of controller time. */
export type BoundInput = {
  readonly check: BoundCheck;
  readonly unit: Unit;
  readonly measurement: Measured;
  /** How much time a pass needs. */
  readonly windowMs: number;
  /** When the step began: evidence from before it says nothing about it. */
  readonly since: number;
  readonly now: number;
  /** The part of the requests that was counted, between 0 and 1; all of them where left out. Samples are those that were counted. */
  readonly part?: number;
};

/**
 * Judges a measurement by a fixed bound.
 *
 * A broken rule is a `fail` as soon as there are enough samples of this step, however short the window and whatever else
 * could not be read: those requests went wrong. A `pass` needs a full window within the step, fresh and without a problem.
 */
export function judgeBound(input: BoundInput): Verdict {
  const { check, unit, measurement } = input;
  const limit = `${check.rule.kind === "below" ? "<" : ">"} ${amount(check.rule.bound, unit)}`;
  const { value, samples, problem } = measurement;
  const coveredMs = covered(measurement);
  const verdict = (is: Verdict["is"], text: string): Verdict => {
    const finite = value !== null && Number.isFinite(value) ? value : null;
    const sampled = sampleText(input);
    return {
      check: check.name,
      is,
      value: finite,
      limit,
      samples,
      windowMs: coveredMs,
      text: `${text}${sampled}, limit ${limit}`,
    };
  };
  const unreadable = problem ?? (value !== null && !Number.isFinite(value) ? `the value is ${value}, not a number` : null);
  const inside = measurement.from !== null && measurement.from >= input.since;
  const enough = samples === null || samples >= check.minRequests;
  const known = value !== null && Number.isFinite(value);
  const of = ofSamples(input);
  const seen = known ? `${amountBeside(value, check.rule.bound, unit)}${of} in ${secondsText(coveredMs)}` : "";
  // A quantile that could not be read whole is a lower limit of the true one: it can break `below`, and says nothing of `above`.
  const proven = problem === null || unit === "ratio" || check.rule.kind === "below";
  if (known && inside && enough && proven && !holds(check, value)) {
    return verdict("fail", problem === null ? seen : `${seen} (not all could be read: ${problem})`);
  }
  if (unreadable !== null) return verdict("error", unreadable);
  const missing = lack(input, coveredMs, inside);
  return missing === null ? verdict("pass", seen) : verdict("inconclusive", missing);
}

/** How many requests there were, for people. */
function ofSamples({ unit, measurement: { samples }, part }: BoundInput): string {
  if (samples === null) return "";
  if (part === undefined) return ` of ${countOf(samples, unit)}`;
  return ` of about ${countOf(Number((samples / part).toPrecision(2)), unit)}`;
}

function holds({ rule }: BoundCheck, value: number): boolean {
  return rule.kind === "below" ? value < rule.bound : value > rule.bound;
}

function covered({ from, to }: Measured): number {
  return from === null || to === null ? 0 : to - from;
}

/** What a pass still lacks, in words; null where nothing. */
function lack(input: BoundInput, coveredMs: number, inside: boolean): string | null {
  const { check, unit, measurement, windowMs, now } = input;
  const { value, samples, to, lacking } = measurement;
  if (lacking !== null && value === null) return lacking;
  if (to === null || measurement.from === null) return `nothing measured yet in this step: 0 s of ${secondsText(windowMs)}`;
  if (!inside) return "the window began before this step";
  if (now - to > windowMs)
    return `the newest evidence is ${secondsText(now - to)} old, older than the window of ${secondsText(windowMs)}`;
  const soFar = value === null ? "" : `, ${amountBeside(value, check.rule.bound, unit)} so far`;
  const time = coveredMs < windowMs ? `${secondsText(coveredMs)} of ${secondsText(windowMs)}` : null;
  if (samples !== null && samples < check.minRequests) {
    const few = `${samples} of at least ${countOf(check.minRequests, unit)}`;
    return `${few}${time === null ? ` in ${secondsText(coveredMs)}` : `, ${time}`}${soFar}`;
  }
  if (value === null) return `no ${unit === "ratio" ? "requests" : "observations"} in ${secondsText(coveredMs)}`;
  const of = ofSamples(input);
  return time === null ? null : `${time}, ${amountBeside(value, check.rule.bound, unit)}${of} so far`;
}
