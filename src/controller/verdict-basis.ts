import type { BoundInput } from "../analysis/bounds.ts";
import { numbersOf } from "../analysis/trial-numbers.ts";
import type { Basis, Needed } from "../core/basis.ts";
import type { Verdict } from "../core/rollout.ts";
import type { Bp } from "../core/units.ts";
import { type CompareCheck, type Compared, fullMs, ruleOf } from "./comparing.ts";

const NOTHING: Basis = {
  from: null,
  to: null,
  windows: null,
  canary: null,
  stable: null,
  sample: null,
  slowMs: null,
  logHarm: null,
  logHarmNeeded: null,
  logHealthy: null,
  logHealthyNeeded: null,
  needed: null,
};

/** The numbers behind what a comparison said. */
export function comparedBasis(state: Compared, check: CompareCheck, windowMs: number, { is }: Verdict, sample: Bp | null): Basis {
  const { trial, open, full } = state;
  const { outage, ms, requestsNeeded, ...numbers } = numbersOf(trial, ruleOf(check));
  const to = outage ? state.to : state.to - open.ms;
  const coveredMs = ms ?? full.ms;
  const seen = coveredMs > 0;
  return {
    ...numbers,
    sample,
    from: seen ? to - coveredMs : null,
    to: seen ? to : null,
    windows: full.windows,
    needed: is === "pass" || is === "fail" ? null : neededOf(state, requestsNeeded, numbers.canary.n, windowMs),
  };
}

/** What is missing for a pass: the rest of the first window, or requests at the rate of this step. */
function neededOf({ open, full, alone }: Compared, requests: number | null, canaryN: number, windowMs: number): Needed | null {
  // Nothing passes where stable has no traffic.
  if (alone) return null;
  if (full.windows === 0) return { requests: null, ms: Math.max(0, fullMs(open, windowMs) - open.ms) };
  if (requests === null || requests === 0) return null;
  return { requests, ms: canaryN === 0 ? null : Math.round((requests * full.ms) / canaryN) };
}

/** The numbers behind what a fixed bound said: the time that was measured, and what a pass still lacks of it. */
export function boundBasis({ check, measurement, windowMs }: BoundInput, { is }: Verdict, sample: Bp | null): Basis {
  const { from, to, samples } = measurement;
  const requests = samples === null ? 0 : Math.max(0, check.minRequests - samples);
  const ms = Math.max(0, windowMs - (from === null || to === null ? 0 : to - from));
  const lacking = is === "inconclusive" && (requests > 0 || ms > 0);
  return {
    ...NOTHING,
    sample,
    from,
    to,
    needed: lacking ? { requests: requests > 0 ? requests : null, ms: ms > 0 ? ms : null } : null,
  };
}
