import type { Basis } from "./basis.ts";
import type { Rollout, Verdict } from "./rollout.ts";
import type { BoundRule, CompareRule } from "./service.ts";
import type { Ms, Now } from "./units.ts";

/** A check as it stood when something was decided: what it is, what it said, and from what. Instants are wall clock. */
export type DecidedCheck = Omit<Verdict, "basis" | "suspicious"> & {
  readonly metric: string;
  readonly rule: BoundRule | CompareRule;
  readonly basis: Basis | null;
};

/** What was decided about a rollout, by whom it may be. */
export type Decision = "advance" | "hold" | "revert" | "promote";

/** The data of an event that is a decision: it stays as it is, whatever the rollout comes to later. */
export type Decided = { readonly decision: Decision; readonly checks: readonly DecidedCheck[] };

/** What the checks say now, of this step, and what failed it before. */
export function decided(rollout: Rollout, decision: Decision, now: Now): Decided {
  const { phase } = rollout;
  const entry = "cursor" in phase ? phase.cursor.entry : null;
  const checks = rollout.checks.flatMap((check) => {
    const known = rollout.verdicts[check.name];
    if (known === undefined || (entry !== null && known.entry !== entry && known.verdict.is !== "fail")) return [];
    return decidedCheck(rollout, check.name, now) ?? [];
  });
  return { decision, checks };
}

/** What a check of a rollout said last; null before it said anything. */
export function decidedCheck(rollout: Rollout, name: string, now: Now): DecidedCheck | null {
  const check = rollout.checks.find((one) => one.name === name);
  const verdict = rollout.verdicts[name]?.verdict;
  if (check === undefined || verdict === undefined) return null;
  const { metric, rule } = check;
  const { basis, suspicious: _, ...said } = verdict;
  const wall = (t: Ms | null) => (t === null ? null : Math.round(now.wall - (now.t - t)));
  return { ...said, metric, rule, basis: basis === undefined ? null : { ...basis, from: wall(basis.from), to: wall(basis.to) } };
}
