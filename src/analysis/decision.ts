import type { Comparison, ComparisonRule, Span } from "./comparison.ts";
import { dispersionNow, logHarm } from "./harm.ts";
import { logHealthy } from "./healthy.ts";
import { isOutage, LOG_OUTAGE, logOfOutage } from "./outage.ts";
import { requestsUntilHealthy } from "./outlook.ts";
import { rateRatioAbove } from "./rate-bound.ts";

/** Why a decision is what it is: each is a different thing to do for a person. */
export type Cause = "outage" | "worse" | "healthy" | "no canary traffic" | "no stable traffic" | "nothing yet" | "undecided";

/** What a comparison says now, with all the numbers that it says it from. Logarithms are natural. */
export type Decision = {
  readonly is: "revert" | "advance" | "hold";
  readonly cause: Cause;
  /** Evidence that the canary is worse than allowed, and how much reverts. */
  readonly logHarm: number;
  readonly logHarmNeeded: number;
  /** Evidence that it is not harmful, since the step began, and how much advances. */
  readonly logHealthy: number;
  readonly logHealthyNeeded: number;
  /** Evidence of the fast path, which looks at scrapes, and how much reverts there. */
  readonly logOutage: number;
  readonly logOutageNeeded: number;
  /** By what gains are divided because failures come in bursts; 1 where they do not. */
  readonly dispersion: number;
  /** The chance, at most, of evidence like this at any time from a release that is as allowed. */
  readonly pValue: number;
  /** The canary fails more than this many times as often as the stable version; null where that is not shown. */
  readonly rateRatioAbove: number | null;
  /** What was compared since the rollout began and since the step began, and what the scrapes of the step saw. */
  readonly rollout: Span;
  readonly step: Span;
  readonly scraped: Span;
  /** Canary requests still needed until health is shown, if all goes on as in this step; null where that never is. */
  readonly requestsNeeded: number | null;
};

/**
 * Decides from the state of a comparison: revert, or else advance, or else hold (section 1 of the method).
 *
 * A window without traffic on an arm decides nothing: what is missing is never a pass and never a fail. The least time of the step and
 * what comes after its most are the caller's, as are other metrics. `harm` is ln M to decide by: in a what-if that of another process.
 */
export function decide(state: Comparison, rule: ComparisonRule, harm: number = logHarm(state.harm)): Decision {
  const numbers = {
    logHarm: harm,
    logHarmNeeded: Math.log(1 / rule.alpha),
    logHealthy: logHealthy(state.healthy),
    logHealthyNeeded: Math.log(1 / rule.beta),
    logOutage: logOfOutage(state.outage),
    logOutageNeeded: LOG_OUTAGE,
    dispersion: dispersionNow(state.harm, rule.allowed, state.last?.canary.n ?? 0, rule.guard),
    pValue: Math.min(1, Math.exp(-state.mostLogHarm)),
    rateRatioAbove: rateRatioAbove(state.rateBound, rule.alpha),
    rollout: state.rollout,
    step: state.step,
    scraped: state.scraped,
    requestsNeeded: requestsUntilHealthy(state.healthy, rule, state.step),
  };
  const cause = causeOf(state, numbers);
  return { is: MEANING[cause], cause, ...numbers };
}

const MEANING: Readonly<Record<Cause, Decision["is"]>> = {
  outage: "revert",
  worse: "revert",
  healthy: "advance",
  "no canary traffic": "hold",
  "no stable traffic": "hold",
  "nothing yet": "hold",
  undecided: "hold",
};

type Weighed = Pick<Decision, "logHarm" | "logHarmNeeded" | "logHealthy" | "logHealthyNeeded">;

function causeOf(state: Comparison, weighed: Weighed): Cause {
  if (isOutage(state.outage)) return "outage";
  if (state.last === null) return "nothing yet";
  if (state.last.canary.n === 0) return "no canary traffic";
  if (state.last.stable.n === 0) return "no stable traffic";
  if (weighed.logHarm >= weighed.logHarmNeeded) return "worse";
  return weighed.logHealthy >= weighed.logHealthyNeeded ? "healthy" : "undecided";
}
