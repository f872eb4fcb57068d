import { type Check, isAdvisory } from "./check.ts";
import { Refusal } from "./errors.ts";
import type { CanaryStep } from "./service.ts";
import { WHOLE } from "./units.ts";

/**
 * Throws a `Refusal` of steps that came with a start and that the configured checks cannot judge. What the file says is refused before
 * it is used; steps of a call meet the checks only here.
 */
export function acceptSteps(steps: readonly CanaryStep[], checks: readonly Check[]): void {
  for (const [index, step] of steps.entries()) {
    const wrong = faultOf(step, checks);
    if (wrong !== null) throw new Refusal("invalid", `step ${index + 1} ${wrong.is}`, wrong.hint);
  }
}

type Fault = { readonly is: string; readonly hint: string };

function faultOf(step: CanaryStep, checks: readonly Check[]): Fault | null {
  const critical = checks.filter((check) => !isAdvisory(check));
  const whole = (step.kind === "ramp" ? step.to : step.share) === WHOLE;
  for (const name of step.needs ?? []) {
    const check = checks.find((one) => one.name === name);
    if (check === undefined)
      return { is: `needs ${name}, which is no check of this canary`, hint: `its checks are ${listed(checks)}` };
    if (isAdvisory(check)) return { is: `needs ${name}, which is advisory and holds no step`, hint: "leave it out of needs" };
    if (whole && check.rule.kind === "compare") return nothingLeft(name);
  }
  if (step.kind === "approval") return null;
  const [first] = critical;
  const bounded = critical.some(({ rule }) => rule.kind !== "compare");
  if (whole && step.needs === null && first !== undefined && !bounded) return nothingLeft(first.name);
  const none = step.needs === null ? first === undefined : step.needs.length === 0;
  return step.kind === "evidence" && none
    ? {
        is: "waits for evidence, and needs no check that could give it",
        hint: "give it a time (for) instead, or configure a check",
      }
    : null;
}

function nothingLeft(check: string): Fault {
  return {
    is: `has all the traffic on the candidate, and leaves ${check} nothing to compare with`,
    hint: "end below 100% (the rollout goes on to 100% by itself), say needs: [], or configure a check with above or below",
  };
}

function listed(checks: readonly Check[]): string {
  return checks.length === 0 ? "none" : checks.map(({ name }) => name).join(", ");
}
