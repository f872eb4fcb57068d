import { canRevert } from "./check.ts";
import { stepAt } from "./move.ts";
import { batchDown } from "./rolling-batch.ts";
import type { Cursor, Rollout, Step, Verdict } from "./rollout.ts";

/** What keeps a step whose dwell is over from ending. */
export type Blocker = {
  readonly on: "evidence" | "failure";
  readonly reason: string;
  /** True where `hold: { then: advance }` may go on without it: never past broken or suspicious evidence or a member that is down. */
  readonly skippable: boolean;
};

/** Null where the step may end: every candidate member is ready, and every check that the step needs has passed within it. */
export function blockerOf(rollout: Rollout, cursor: Cursor, step: Step): Blocker | null {
  const down = downOf(rollout);
  if (down !== null) return { on: "failure", reason: down, skippable: false };
  const missing = step.needs.flatMap((name) => {
    const known = rollout.verdicts[name];
    if (known === undefined || known.entry !== cursor.entry)
      return [{ text: `${name}: no evidence from this step yet`, broken: false }];
    const { is, text, suspicious } = known.verdict;
    const broken = is === "error" || is === "fail" || suspicious !== undefined;
    return is === "pass" ? [] : [{ text: `${name}: ${text}`, broken }];
  });
  if (missing.length === 0) return null;
  return { on: "evidence", reason: missing.map((one) => one.text).join("; "), skippable: missing.every((one) => !one.broken) };
}

/** Which candidate members are not ready, in words; null where all are. */
export function downOf(rollout: Rollout): string | null {
  const { phase } = rollout;
  if (rollout.rolling !== null)
    return "cursor" in phase ? (batchDown(rollout, stepAt(rollout, phase.cursor.step))?.text ?? null) : null;
  const state = rollout.readiness[rollout.to];
  if (state === undefined || state.of === 0) return `${rollout.to} has no members`;
  if (state.ready === state.of) return null;
  return `${state.ready} of ${state.of} members of ${rollout.to} are ready${state.reason === null ? "" : `: ${state.reason}`}`;
}

/** A fail, of any check but one that only holds or is only shown. */
export function isDecisive(rollout: Rollout, verdict: Verdict): boolean {
  return verdict.is === "fail" && !rollout.checks.some((check) => check.name === verdict.check && !canRevert(check));
}
