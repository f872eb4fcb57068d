import type { Counts } from "./counts.ts";
import { LEAST_PAST } from "./latency.ts";
import { logGains } from "./ratio.ts";
import { logSlowShare, SLOW_RULE, type SlowShare } from "./slow-share.ts";

/** The bound at which the arms of this step differ most to the canary's disadvantage; `x` counts requests that took longer. */
export type SlowestBound = { readonly bound: number; readonly canary: Counts; readonly stable: Counts };

export type SlowShareDecision = {
  readonly is: "revert" | "advance" | "hold";
  readonly cause: "slower" | "no slower" | "not comparable" | "too little past" | "too few requests" | "undecided";
  readonly logSlower: number;
  readonly logSlowerNeeded: number;
  readonly requests: number;
  readonly requestsNeeded: number;
  /** Null before anything was compared in this step. */
  readonly slowest: SlowestBound | null;
  /** Why nothing can be compared, in words, or null. */
  readonly problem: string | null;
};

/** Decides on latencies in given buckets, as on others (latency-decision.ts); buckets that differ hold, whatever was seen. */
export function decideSlowShare(
  state: SlowShare,
  { alpha, minRequests }: { readonly alpha: number; readonly minRequests: number },
): SlowShareDecision {
  const numbers = {
    logSlower: logSlowShare(state),
    logSlowerNeeded: Math.log(1 / alpha),
    requests: state.step.canary.n,
    requestsNeeded: minRequests,
    slowest: slowestOf(state),
    problem: state.problem,
  };
  if (numbers.logSlower >= numbers.logSlowerNeeded) return { is: "revert", cause: "slower", ...numbers };
  if (state.problem !== null) return { is: "hold", cause: "not comparable", ...numbers };
  if (state.past.n < LEAST_PAST) return { is: "hold", cause: "too little past", ...numbers };
  if (numbers.requests < minRequests) return { is: "hold", cause: "too few requests", ...numbers };
  if (numbers.logSlower >= numbers.logSlowerNeeded / 2) return { is: "hold", cause: "undecided", ...numbers };
  return { is: "advance", cause: "no slower", ...numbers };
}

/** The bound whose counts of this step a factor of two explains best. */
function slowestOf({ bounds, step }: SlowShare): SlowestBound | null {
  const { canary, stable } = step;
  if (canary.n === 0 || stable.n === 0) return null;
  const found = bounds.map((bound, index) => {
    const slow = { canary: { n: canary.n, x: canary.slow[index] ?? 0 }, stable: { n: stable.n, x: stable.slow[index] ?? 0 } };
    return { bound, ...slow, worth: logGains(SLOW_RULE, [2], slow)[0] ?? 0 };
  });
  const [first, ...rest] = found;
  if (first === undefined) return null;
  const { worth: _, ...slowest } = rest.reduce((best, one) => (one.worth > best.worth ? one : best), first);
  return slowest;
}
