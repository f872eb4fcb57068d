import { type Aftermath, decideAftermath } from "./aftermath.ts";
import { compareVerdict, latencyVerdict, MEANING, mayAdvanceUnproved } from "./compare-verdict.ts";
import type { Comparison } from "./comparison.ts";
import { type Decision, decide } from "./decision.ts";
import { decideGauge } from "./gauge-decision.ts";
import type { Latency } from "./latency.ts";
import { decideLatency } from "./latency-decision.ts";
import { aftermathSentence, gaugeSentence, type Names, slowShareSentence } from "./sentence.ts";
import type { SlowShare } from "./slow-share.ts";
import { decideSlowShare } from "./slow-share-decision.ts";
import { type Arm, slowRule, type Trial, type TrialRule } from "./trial.ts";
import type { Verdict } from "./verdict.ts";

/**
 * What a trial says as a check: harm is a fail; a pass needs what each kind of evidence asks for, and everything else is inconclusive.
 *
 * `ms` is the time that was compared in this step.
 */
export function trialVerdict(check: string, trial: Trial, rule: TrialRule, names: Names, ms: number): Verdict {
  switch (trial.of) {
    case "failures":
      return countedVerdict(check, trial, rule, names, ms);
    case "events":
      // Seconds are no requests: there is no least number of them.
      return countedVerdict(check, trial, { ...rule, minRequests: 0 }, { ...names, exposure: "seconds" }, ms);
    case "latencies":
      return unlessSilent(slownessVerdict(check, trial.latency, rule, names, ms), trial.silent, names);
    case "buckets":
      return unlessSilent(bucketVerdict(check, trial.slowShare, rule, names, ms), trial.silent, names);
    case "gauge":
      return gaugeVerdict(check, trial, rule, names, ms);
    default:
      return never(trial);
  }
}

const SUSPICIOUS = "too little evidence, or some against the candidate";

type CountedTrial = Extract<Trial, { readonly comparison: Comparison }>;

/** What was proved while both pools had traffic stays proved once all of it is on the candidate. */
function countedVerdict(check: string, trial: CountedTrial, rule: TrialRule, names: Names, ms: number): Verdict {
  const { comparison, aftermath } = trial;
  if (aftermath === null) return failureVerdict(check, comparison, rule, names);
  const decision = decide(comparison, rule);
  if (decision.logHarm < decision.logHarmNeeded) return aftermathVerdict(check, aftermath, rule, names, ms);
  const proved: Decision = { ...decision, is: "revert", cause: "worse", step: decision.rollout };
  return counted(compareVerdict(check, proved, names), names, rule);
}

function failureVerdict(check: string, comparison: Comparison, rule: TrialRule, names: Names): Verdict {
  const decision = decide(comparison, rule);
  const verdict = counted(compareVerdict(check, decision, names), names, rule);
  if (verdict.is === "fail") return verdict;
  const told = mayAdvanceUnproved(decision, rule.minRequests) ? verdict : { ...verdict, suspicious: SUSPICIOUS };
  const { n } = decision.step.canary;
  if (verdict.is === "pass" && n < rule.minRequests)
    return { ...told, is: "inconclusive", text: `${verdict.text}; ${n} of ${rule.minRequests} requests on ${names.canary}` };
  return verdict.is === "pass" ? verdict : { ...told, text: `${verdict.text}${timeLeft(decision)}` };
}

/** There is no test that proves a canary quick: it passes once enough was compared and little speaks against it, so what is less than that may not be skipped. */
function slownessVerdict(check: string, latency: Latency, rule: TrialRule, names: Names, ms: number): Verdict {
  const decision = decideLatency(latency, rule);
  const verdict: Verdict = { ...latencyVerdict(check, decision, names, rule.margin, ms), limit: limitOf(names, rule.margin) };
  return verdict.is === "inconclusive" ? { ...verdict, suspicious: SUSPICIOUS } : verdict;
}

/** Harm that was shown stays; without the latencies of an arm the last window passes nothing. */
function unlessSilent(verdict: Verdict, silent: Arm | null, names: Names): Verdict {
  if (verdict.is !== "pass" || silent === null) return verdict;
  const text = `no latency on ${names[silent]} in the last window: nothing to ${silent === "canary" ? "judge" : "compare with"}`;
  return { ...verdict, is: "inconclusive", text, suspicious: SUSPICIOUS };
}

function bucketVerdict(check: string, slowShare: SlowShare, rule: TrialRule, names: Names, ms: number): Verdict {
  const decision = decideSlowShare(slowShare, rule);
  const { slowest } = decision;
  return {
    check,
    is: MEANING[decision.is],
    value: slowest === null ? null : slowest.canary.x / slowest.canary.n,
    limit: limitOf(names, slowRule(rule).rho - 1),
    samples: decision.requests,
    windowMs: ms,
    text: slowShareSentence(decision, names),
    ...(decision.is === "hold" ? { suspicious: SUSPICIOUS } : {}),
  };
}

function gaugeVerdict(check: string, trial: Trial & { of: "gauge" }, rule: TrialRule, names: Names, ms: number): Verdict {
  const decision = decideGauge(trial.gauge, trial.stepBlocks, rule);
  return {
    check,
    is: MEANING[decision.is],
    value: null,
    limit: limitOf(names, decision.margin),
    samples: null,
    windowMs: ms,
    text: gaugeSentence(decision, names),
    ...(decision.is === "hold" ? { suspicious: SUSPICIOUS } : {}),
  };
}

/** With recorded counts nothing passes: they can show harm, if rates are constant, and a fixed bound has to decide the rest. */
function aftermathVerdict(check: string, aftermath: Aftermath, rule: TrialRule, names: Names, ms: number): Verdict {
  const decision = decideAftermath(aftermath, rule.alpha);
  const { canary } = decision;
  const verdict = {
    check,
    is: MEANING[decision.is],
    value: canary.n === 0 ? null : canary.x / canary.n,
    limit: "",
    samples: canary.n,
    windowMs: ms,
    text: aftermathSentence(decision, names),
    ...(decision.is === "hold" ? { suspicious: SUSPICIOUS } : {}),
  };
  const { limit, ...told } = counted(verdict, names, rule);
  return { ...told, limit: `${limit}, recorded before` };
}

/** The limit as it is for what was counted: a rate is no part of a whole, and its seconds are no requests. */
function counted(verdict: Verdict, names: Names, { margin }: TrialRule): Verdict {
  if (names.exposure !== "seconds") return { ...verdict, limit: limitOf(names, margin) };
  return { ...verdict, limit: `${Number((1 + margin).toPrecision(3))} times ${names.stable}`, samples: null };
}

function limitOf({ stable }: Names, margin: number): string {
  return `${stable} + ${Number((100 * margin).toPrecision(3))} %`;
}

/** How long the requests take that are still needed, at the traffic of this step. */
function timeLeft({ cause, requestsNeeded, step }: Decision): string {
  if (cause !== "undecided" || requestsNeeded === null || step.ms === 0 || step.canary.n === 0) return "";
  return `, ${seconds((requestsNeeded * step.ms) / step.canary.n)} at this rate`;
}

function seconds(ms: number): string {
  return ms >= 600_000 ? `${Math.round(ms / 60_000)} min` : `${Number((ms / 1000).toPrecision(2))} s`;
}

function never(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}
