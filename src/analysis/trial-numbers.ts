import { type Aftermath, decideAftermath } from "./aftermath.ts";
import type { Comparison } from "./comparison.ts";
import { type Counts, NO_COUNTS } from "./counts.ts";
import { type Decision, decide } from "./decision.ts";
import { logGauge } from "./gauge.ts";
import { decideGauge } from "./gauge-decision.ts";
import { logHarm } from "./harm.ts";
import { logHealthy } from "./healthy.ts";
import { type Latency, logSlower } from "./latency.ts";
import { addLatencies, bucketEndMs, type LatencyCounts, quantileBucket, slowerThan, totalOf } from "./latency-buckets.ts";
import { decideLatency } from "./latency-decision.ts";
import { isOutage } from "./outage.ts";
import { type Histogram, logSlowShare, type SlowShare } from "./slow-share.ts";
import { decideSlowShare } from "./slow-share-decision.ts";
import type { Seen, Trial, TrialRule } from "./trial.ts";

/** What both arms did, as counts whatever is compared: `x` failed, or took longer than `slowMs`; events in `n` seconds of members; nothing of a gauge. */
export type Counted = { readonly canary: Counts; readonly stable: Counts; readonly slowMs: number | null };

/** The evidence of a trial as natural logarithms; `logHealthy` is null where nothing has to be shown for the candidate. */
export type TrialEvidence = { readonly logHarm: number; readonly logHealthy: number | null };

/** All that a decision on a trial weighs. */
export type TrialNumbers = TrialEvidence &
  Counted & {
    readonly logHarmNeeded: number;
    readonly logHealthyNeeded: number | null;
    /** True where the fast path decided, from all reads of the step and not from its windows. */
    readonly outage: boolean;
    /** The time that the counts cover; null where the trial does not know. */
    readonly ms: number | null;
    /** Requests of the candidate that are still needed for a pass, if all goes on as in this step; null where that is never enough. */
    readonly requestsNeeded: number | null;
  };

/** The part of stable's requests that are fast: those above it are counted as slow where only one number can be shown. */
const FAST = 0.95;

export function evidenceOf(trial: Trial): TrialEvidence {
  switch (trial.of) {
    case "failures":
    case "events":
      if (trial.aftermath !== null) return { logHarm: trial.aftermath.logHarm, logHealthy: null };
      return { logHarm: logHarm(trial.comparison.harm), logHealthy: logHealthy(trial.comparison.healthy) };
    case "latencies":
      return { logHarm: logSlower(trial.latency), logHealthy: null };
    case "buckets":
      return { logHarm: logSlowShare(trial.slowShare), logHealthy: null };
    case "gauge":
      return { logHarm: logGauge(trial.gauge), logHealthy: null };
    default:
      return never(trial);
  }
}

/** What was seen in one window, as counts; slow is what takes longer than most of stable's requests did before. */
export function countedOf(seen: Seen, trial: Trial): Counted {
  if (seen.of === "gauge") return { canary: NO_COUNTS, stable: NO_COUNTS, slowMs: null };
  if (seen.of === "failures" || seen.of === "events") return { canary: seen.canary, stable: seen.stable, slowMs: null };
  if (seen.of === "buckets") return slowAtBound(seen.canary, seen.stable);
  const past = trial.of === "latencies" ? trial.latency.past : [];
  return slowCounts(seen.canary, seen.stable, totalOf(past) > 0 ? past : addLatencies(past, seen.stable));
}

function slowCounts(canary: LatencyCounts, stable: LatencyCounts, usual: LatencyCounts): Counted {
  const bucket = quantileBucket(usual, FAST);
  const counts = (arm: LatencyCounts): Counts => ({ n: totalOf(arm), x: bucket < 0 ? 0 : slowerThan(arm, bucket) });
  return { canary: counts(canary), stable: counts(stable), slowMs: bucket < 0 ? null : bucketEndMs(bucket) };
}

/** At the bound that most of stable's requests of the window reach; bounds are in the histogram's own unit, which nobody knows. */
function slowAtBound(canary: Histogram, stable: Histogram): Counted {
  const found = stable.counts.findIndex((count) => count >= FAST * stable.n);
  const index = found < 0 ? stable.counts.length - 1 : found;
  const counts = ({ n, counts: upTo }: Histogram): Counts => ({ n, x: Math.max(0, n - (upTo[index] ?? n)) });
  return { canary: counts(canary), stable: counts(stable), slowMs: null };
}

/** True once the fast path has decided. */
export function isOutageNow(trial: Trial): boolean {
  if (trial.of !== "failures") return false;
  return trial.aftermath === null ? isOutage(trial.comparison.outage) : trial.aftermath.outage;
}

export function numbersOf(trial: Trial, rule: TrialRule): TrialNumbers {
  switch (trial.of) {
    case "failures":
      return trial.aftermath === null ? failureNumbers(trial.comparison, rule) : aftermathNumbers(trial.aftermath, rule);
    case "events":
      if (trial.aftermath !== null) return aftermathNumbers(trial.aftermath, rule);
      return { ...failureNumbers(trial.comparison, { ...rule, minRequests: 0 }), requestsNeeded: null };
    case "latencies":
      return latencyNumbers(trial.latency, rule);
    case "buckets":
      return bucketNumbers(trial.slowShare, rule);
    case "gauge":
      return gaugeNumbers(trial, rule);
    default:
      return never(trial);
  }
}

function failureNumbers(comparison: Comparison, rule: TrialRule): TrialNumbers {
  const decision = decide(comparison, rule);
  const { step, requestsNeeded } = decision;
  const outage = decision.cause === "outage";
  const { canary, stable, ms } = outage ? decision.scraped : step;
  const fewer = Math.max(0, rule.minRequests - step.canary.n);
  return {
    ...(outage ? fastPath(decision) : slowerTests(decision)),
    ...{ canary, stable, slowMs: null, outage, ms },
    requestsNeeded: requestsNeeded === null ? null : Math.max(requestsNeeded, fewer),
  };
}

type Weighed = Pick<TrialNumbers, "logHarm" | "logHarmNeeded" | "logHealthy" | "logHealthyNeeded">;

/** The fast path weighs nothing for the candidate. */
function fastPath({ logOutage, logOutageNeeded }: Decision): Weighed {
  return { logHarm: logOutage, logHarmNeeded: logOutageNeeded, logHealthy: null, logHealthyNeeded: null };
}

function slowerTests({ logHarm, logHarmNeeded, logHealthy, logHealthyNeeded }: Decision): Weighed {
  return { logHarm, logHarmNeeded, logHealthy, logHealthyNeeded };
}

function latencyNumbers(latency: Latency, rule: TrialRule): TrialNumbers {
  const { logSlower, logSlowerNeeded, slowest, requests, requestsNeeded } = decideLatency(latency, rule);
  const { step, past } = latency;
  const counted = slowest === null ? slowCounts(step.canary, step.stable, past) : { ...slowest, slowMs: slowest.ms };
  return {
    ...{ logHarm: logSlower, logHarmNeeded: logSlowerNeeded, logHealthy: null, logHealthyNeeded: null },
    ...{ canary: counted.canary, stable: counted.stable, slowMs: counted.slowMs, outage: false, ms: null },
    requestsNeeded: Math.max(0, requestsNeeded - requests),
  };
}

function bucketNumbers(slowShare: SlowShare, rule: TrialRule): TrialNumbers {
  const { logSlower, logSlowerNeeded, slowest, requests, requestsNeeded } = decideSlowShare(slowShare, rule);
  const { canary, stable } = slowShare.step;
  const counted = slowest ?? { canary: { n: canary.n, x: 0 }, stable: { n: stable.n, x: 0 } };
  return {
    ...{ logHarm: logSlower, logHarmNeeded: logSlowerNeeded, logHealthy: null, logHealthyNeeded: null },
    ...{ canary: counted.canary, stable: counted.stable, slowMs: null, outage: false, ms: null },
    requestsNeeded: Math.max(0, requestsNeeded - requests),
  };
}

/** Of stable what was recorded before, of the candidate what it did since. */
function aftermathNumbers(aftermath: Aftermath, { alpha }: TrialRule): TrialNumbers {
  const { cause, logHarm, logHarmNeeded, canary, stable } = decideAftermath(aftermath, alpha);
  return {
    ...{ logHarm, logHarmNeeded, logHealthy: null, logHealthyNeeded: null },
    ...{ canary, stable, slowMs: null, outage: cause === "outage", ms: null, requestsNeeded: null },
  };
}

/** A gauge counts nothing: all there is is the evidence. */
function gaugeNumbers({ gauge, stepBlocks }: Trial & { of: "gauge" }, rule: TrialRule): TrialNumbers {
  const { logHigher, logHigherNeeded } = decideGauge(gauge, stepBlocks, rule);
  return {
    ...{ logHarm: logHigher, logHarmNeeded: logHigherNeeded, logHealthy: null, logHealthyNeeded: null },
    ...{ canary: NO_COUNTS, stable: NO_COUNTS, slowMs: null, outage: false, ms: null, requestsNeeded: null },
  };
}

function never(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}
