import type { BoundRule, Check } from "../core/check.ts";
import type { Verdict } from "../core/rollout.ts";
import type { CheckView } from "../core/view.ts";

/**
 * How far what was seen has come towards either end of a check, for people: 0 is nothing, 1 decides.
 *
 * Of a comparison, its evidence as a part of what fails or passes it. Of a fixed bound, the value as a part of what the bound allows,
 * and what was gathered as a part of what a pass takes. Null where there is nothing to say.
 */
export function towards({ rule }: Check, verdict: Verdict): CheckView["towards"] {
  const { is, value, basis } = verdict;
  if (is === "error") return { fail: null, pass: null };
  if (rule.kind !== "compare") return { fail: value === null ? null : consumed(rule, value), pass: gathered(verdict) };
  return {
    fail: is === "fail" ? 1 : part(basis?.logHarm ?? null, basis?.logHarmNeeded ?? null),
    pass: is === "pass" ? 1 : part(basis?.logHealthy ?? null, basis?.logHealthyNeeded ?? null),
  };
}

function part(has: number | null, needs: number | null): number | null {
  return has === null || needs === null || needs <= 0 ? null : rounded(has / needs);
}

/** Of a share that must stay above a bound, what is missing to the whole is what may not grow. */
function consumed({ kind, bound }: BoundRule, value: number): number | null {
  if (kind === "below") return bound <= 0 ? null : rounded(value / bound);
  if (bound < 1 && value <= 1) return rounded((1 - value) / (1 - bound));
  return value <= 0 ? null : rounded(bound / value);
}

function gathered({ is, samples, windowMs, basis }: Verdict): number | null {
  if (is === "pass") return 1;
  const needed = basis?.needed ?? null;
  if (needed === null) return null;
  const requests = needed.requests === null || samples === null ? 1 : samples / (samples + needed.requests);
  const time = needed.ms === null ? 1 : windowMs / (windowMs + needed.ms);
  return rounded(Math.min(requests, time));
}

/** To a hundredth; what points the other way is nothing. */
function rounded(value: number): number {
  return Math.round(Math.max(0, value) * 100) / 100;
}
