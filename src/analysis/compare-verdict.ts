import type { Decision } from "./decision.ts";
import type { LatencyDecision } from "./latency-decision.ts";
import { latencySentence, type Names, sentence, strength } from "./sentence.ts";
import type { Verdict } from "./verdict.ts";

/** What a comparison of failures says as a check: reverting is a fail, advancing a pass, holding inconclusive. `value` is the canary's rate in the step. */
export function compareVerdict(check: string, decision: Decision, names: Names): Verdict {
  const { canary, ms } = decision.cause === "outage" ? decision.scraped : decision.step;
  return {
    check,
    is: MEANING[decision.is],
    value: canary.n === 0 ? null : canary.x / canary.n,
    limit: `evidence < ${strength(decision.logHarmNeeded)} against ${names.canary}`,
    samples: canary.n,
    windowMs: ms,
    text: sentence(decision, names),
  };
}

/** The same for latency. `value` is the part of the canary's requests that were slower than the threshold at which the arms differ most. */
export function latencyVerdict(check: string, decision: LatencyDecision, names: Names, margin: number, ms: number): Verdict {
  const { slowest } = decision;
  return {
    check,
    is: MEANING[decision.is],
    value: slowest === null ? null : slowest.canary.x / slowest.canary.n,
    limit: `evidence < ${strength(decision.logSlowerNeeded)} against ${names.canary}`,
    samples: decision.requests,
    windowMs: ms,
    text: latencySentence(decision, names, margin),
  };
}

/**
 * Whether a step whose time is over may go on although health was not shown: enough requests were compared, and the evidence against the
 * canary is below the square root of what reverts. For those who chose `then: advance`.
 */
export function mayAdvanceUnproved({ step, logHarm, logHarmNeeded }: Decision, minRequests: number): boolean {
  return step.canary.n >= minRequests && logHarm < logHarmNeeded / 2;
}

/** What each decision is as a verdict. */
export const MEANING = { revert: "fail", advance: "pass", hold: "inconclusive" } as const;
