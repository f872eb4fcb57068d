import { type Aftermath, observeAftermath, observeAftermathRead, startAftermath } from "./aftermath.ts";
import { beginStep, type Comparison, type ComparisonRule, NO_COMPARISON, observeScrape, observeWindow } from "./comparison.ts";
import { addCounts, type Counts, NO_COUNTS } from "./counts.ts";
import { type Gauge, type GaugeSample, type GaugeScale, NO_GAUGE, observeGauge } from "./gauge.ts";
import { beginLatencyStep, type Latency, NO_LATENCY, observeLatency } from "./latency.ts";
import { addLatencies, type LatencyCounts, totalOf } from "./latency-buckets.ts";
import type { RatioRule } from "./ratio.ts";
import {
  beginSlowShareStep,
  type Histogram,
  joinHistograms,
  NO_SLOW_SHARE,
  observeSlowShare,
  SLOW_RULE,
  type SlowShare,
} from "./slow-share.ts";

/**
 * What both arms did over one stretch of time, by what is compared: failed requests, or latencies that did not fail by bucket (the
 * canary's divided by 1 + margin), requests by the buckets of a histogram, events in the seconds of all members, or a gauge at each read.
 */
export type Seen =
  | { readonly of: "failures"; readonly canary: Counts; readonly stable: Counts }
  | { readonly of: "events"; readonly canary: Counts; readonly stable: Counts }
  | { readonly of: "latencies"; readonly canary: LatencyCounts; readonly stable: LatencyCounts }
  | { readonly of: "buckets"; readonly canary: Histogram; readonly stable: Histogram }
  | { readonly of: "gauge"; readonly samples: readonly GaugeSample[] };

/** Which of the two that are compared. */
export type Arm = "canary" | "stable";

/** The tests of one check, by what it compares: plain JSON, as it is stored. */
export type Trial =
  /** `aftermath` begins when all the traffic is on the canary, and there is only what stable did before; null until then. */
  | { readonly of: "failures" | "events"; readonly comparison: Comparison; readonly aftermath: Aftermath | null }
  /** `silent` is the arm of which the last window of the step had no latency: what is missing is never a pass. */
  | { readonly of: "latencies"; readonly latency: Latency; readonly silent: Arm | null }
  | { readonly of: "buckets"; readonly slowShare: SlowShare; readonly silent: Arm | null }
  /** `stepBlocks` were compared in this step. */
  | { readonly of: "gauge"; readonly gauge: Gauge; readonly scale: GaugeScale; readonly stepBlocks: number };

/** What `compare: stable` asks, whatever is compared. */
export type TrialRule = ComparisonRule & {
  /** How much slower the canary may be: 0.1 is a tenth. */
  readonly margin: number;
  /** Fewer requests of the canary in the step than this are no evidence for a pass. */
  readonly minRequests: number;
};

export function startTrial(of: Trial["of"]): Trial {
  switch (of) {
    case "failures":
    case "events":
      return { of, comparison: NO_COMPARISON, aftermath: null };
    case "latencies":
      return { of, latency: NO_LATENCY, silent: null };
    case "buckets":
      return { of, slowShare: NO_SLOW_SHARE, silent: null };
    case "gauge":
      return { of, gauge: NO_GAUGE, scale: "positive", stepBlocks: 0 };
    default:
      return never(of);
  }
}

/**
 * At the start of a step: what was found against the canary is kept, and what speaks for it has to be shown anew. `alone` is the rule where all the
 * traffic is on the canary from now on.
 */
export function beginTrialStep(trial: Trial, alone: TrialRule | null = null): Trial {
  switch (trial.of) {
    case "failures":
    case "events":
      return {
        ...trial,
        comparison: beginStep(trial.comparison),
        aftermath: trial.aftermath ?? (alone === null ? null : startAftermath(trial.comparison, alone.alpha)),
      };
    case "latencies":
      return { ...trial, latency: beginLatencyStep(trial.latency), silent: null };
    case "buckets":
      return { ...trial, slowShare: beginSlowShareStep(trial.slowShare), silent: null };
    case "gauge":
      return { ...trial, stepBlocks: 0 };
    default:
      return never(trial);
  }
}

const NO_HISTOGRAM: Histogram = { bounds: [], counts: [], n: 0 };

/** An evidence window in which nothing was seen yet. */
export function nothingSeen(of: Seen["of"]): Seen {
  switch (of) {
    case "failures":
    case "events":
      return { of, canary: NO_COUNTS, stable: NO_COUNTS };
    case "latencies":
      return { of, canary: [], stable: [] };
    case "buckets":
      return { of, canary: NO_HISTOGRAM, stable: NO_HISTOGRAM };
    case "gauge":
      return { of, samples: [] };
    default:
      return never(of);
  }
}

/** Two stretches that follow each other, together. */
export function joinSeen(a: Seen, b: Seen): Seen {
  if ((a.of === "failures" || a.of === "events") && b.of === a.of)
    return { of: a.of, canary: addCounts(a.canary, b.canary), stable: addCounts(a.stable, b.stable) };
  if (a.of === "latencies" && b.of === "latencies")
    return { of: a.of, canary: addLatencies(a.canary, b.canary), stable: addLatencies(a.stable, b.stable) };
  if (a.of === "buckets" && b.of === "buckets")
    return { of: a.of, canary: joinHistograms(a.canary, b.canary), stable: joinHistograms(a.stable, b.stable) };
  if (a.of === "gauge" && b.of === "gauge") return { of: a.of, samples: [...a.samples, ...b.samples] };
  throw new Error(`${a.of} and ${b.of} cannot be joined`);
}

/** One read of `ms` milliseconds: for the fast path, where there is one. The same comes again in its window. */
export function observeRead(trial: Trial, rule: TrialRule, seen: Seen, ms: number): Trial {
  if (trial.of !== "failures" || seen.of !== "failures") return trial;
  if (trial.aftermath !== null) return { ...trial, aftermath: observeAftermathRead(trial.aftermath, rule.allowed, seen.canary) };
  return { ...trial, comparison: observeScrape(trial.comparison, rule, seen, ms) };
}

/** One evidence window of `ms` milliseconds. */
export function observeFull(trial: Trial, rule: TrialRule, seen: Seen, ms: number): Trial {
  if ((trial.of === "failures" || trial.of === "events") && seen.of === trial.of) {
    if (trial.aftermath !== null) return { ...trial, aftermath: observeAftermath(trial.aftermath, rule.allowed, seen.canary) };
    return { ...trial, comparison: observeWindow(trial.comparison, rule, seen, ms) };
  }
  if (trial.of === "latencies" && seen.of === "latencies") {
    const silent = silentOf(totalOf(seen.canary), totalOf(seen.stable));
    return { ...trial, latency: observeLatency(trial.latency, seen), silent };
  }
  if (trial.of === "buckets" && seen.of === "buckets") {
    const slowShare = observeSlowShare(trial.slowShare, seen.canary, seen.stable, slowRule(rule));
    return { ...trial, slowShare, silent: silentOf(seen.canary.n, seen.stable.n) };
  }
  if (trial.of === "gauge" && seen.of === "gauge") return observeBlock(trial, rule, seen.samples);
  throw new Error(`${seen.of} were seen where ${trial.of} are compared`);
}

/** By how many latencies the window has of each; where both have none, the canary is what there is nothing to judge of. */
function silentOf(canary: number, stable: number): Arm | null {
  if (canary === 0) return "canary";
  return stable === 0 ? "stable" : null;
}

type GaugeTrial = Trial & { readonly of: "gauge" };

/** Once a gauge was 0 or less, logarithms would leave samples out: from then on differences are compared, and levels are learnt anew. */
function observeBlock(trial: GaugeTrial, { margin }: TrialRule, samples: readonly GaugeSample[]): GaugeTrial {
  const isSigned = samples.some(({ canary, stable }) => Math.min(canary, ...Object.values(stable)) <= 0);
  const turns = isSigned && trial.scale === "positive";
  const before = turns ? { ...trial.gauge, levels: {} } : trial.gauge;
  const scale = isSigned ? "signed" : trial.scale;
  const gauge = observeGauge(before, scale, samples, margin);
  return { ...trial, gauge, scale, stepBlocks: trial.stepBlocks + gauge.blocks - before.blocks };
}

/** No margin can be taken out of a bucket: a quarter more slow requests is allowed, or the margin where that is more. */
export function slowRule({ margin }: TrialRule): RatioRule {
  return { ...SLOW_RULE, rho: Math.max(SLOW_RULE.rho, 1 + margin) };
}

function never(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}
