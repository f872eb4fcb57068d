import type { Basis } from "./basis.ts";
import type { Rollout, Verdict } from "./rollout.ts";
import type { Ms, Now } from "./units.ts";

/** The numbers behind a verdict with instants that mean something to everybody: RFC 3339 in UTC. */
export type DatedBasis = Omit<Basis, "from" | "to"> & { readonly from: string | null; readonly to: string | null };

/** A check as it stood when something was decided: what it is, what it said, and from what. */
export type DecidedCheck = Omit<Verdict, "check" | "basis" | "suspicious"> & {
  readonly name: string;
  readonly metric: string;
  /** As it was configured when the rollout began: `kind` and its settings. */
  readonly rule: Readonly<Record<string, unknown>>;
  readonly basis: DatedBasis | null;
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
  const { check: _, basis, suspicious: __, ...said } = verdict;
  return { name, metric, rule, ...said, basis: basis === undefined ? null : dated(basis, now) };
}

function dated(basis: Basis, now: Now): DatedBasis {
  const wall = (t: Ms | null) => (t === null ? null : new Date(Math.round(now.wall - (now.t - t))).toISOString());
  return { ...basis, from: wall(basis.from), to: wall(basis.to) };
}
