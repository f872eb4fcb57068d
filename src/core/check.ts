import { type Bp, type Ms, WHOLE } from "./units.ts";

/** A metric with a rule. */
export type Check = {
  readonly name: string;
  readonly metric: string;
  readonly rule: BoundRule | CompareRule;
  /** Fewer requests (or observations) than this are no evidence; holds only where the metric counts them. */
  readonly minRequests: number;
};

/** The bound is in the metric's unit (a ratio of 2 % is 0.02). */
export type BoundRule = { readonly kind: "above" | "below"; readonly bound: number };

/** The candidate against stable over the same time: failures, latencies, how often something happens, or a gauge. */
export type CompareRule = {
  readonly kind: "compare";
  /** How much more often than stable the candidate may fail, or how much slower or larger it may be: 0.1 is a tenth. */
  readonly margin: number;
  /** How often a release that does no more than that may be reverted, over a whole rollout. 0 to 1. */
  readonly alpha: number;
  /** How often a harmful release may pass, at each step. 0 to 1. */
  readonly beta: number;
  /** What must be ruled out before a pass: `ratio` times the failures of stable and `delta` (per request) on top. */
  readonly harmful: { readonly ratio: number; readonly delta: number };
  /** `critical` reverts, `hold` keeps a step from ending, `advisory` is only shown. */
  readonly level: "critical" | "hold" | "advisory";
  /** `alpha` is its part of a chance that several comparisons share: what they find is added up. */
  readonly pooled?: true;
};

/** Whether what a check says decides nothing. */
export function isAdvisory({ rule }: Check): boolean {
  return rule.kind === "compare" && rule.level === "advisory";
}

/** Whether a fail of a check sends the candidate back. */
export function canRevert({ rule }: Check): boolean {
  return rule.kind !== "compare" || rule.level === "critical";
}

/** Names of the checks that a step can need: no advisory ones, and with the whole traffic on the candidate nothing is left to compare with. */
export function neededOf(checks: readonly Check[], share: Bp): readonly string[] {
  const can = checks.filter((check) => !isAdvisory(check) && (share < WHOLE || check.rule.kind !== "compare"));
  return can.map(({ name }) => name);
}

/** What happens where a step's time is over and the evidence is missing. An `error` never advances. */
export type Hold = { readonly atMostMs: Ms; readonly then: "wait" | "abort" | "advance" };
