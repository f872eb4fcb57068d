import type { Comparison } from "./comparison.ts";
import { addCounts, type Counts, NO_COUNTS } from "./counts.ts";
import { dispersionOf } from "./dispersion.ts";
import { NO_CAP } from "./guarded.ts";
import { LOG_OUTAGE, latestOf, mostlyFail } from "./outage.ts";
import type { RatioRule } from "./ratio.ts";
import { logRecorded, neededOf, observeRecorded, type Recorded, startRecorded } from "./recorded.ts";

/**
 * What follows a comparison once all the traffic is on the candidate: its failures against those that stable had in the steps before, which
 * is not at the same time. Kept over all that follows, a step at 100 % and the bake.
 */
export type Aftermath = {
  /** The evidence of full windows, and that of the fast path: one window a read, no guards, and a bound of 1e9. */
  readonly windows: Recorded;
  readonly reads: Recorded;
  /** The candidate in the latest reads, as the fast path looks at them. */
  readonly latest: readonly Counts[];
  /** The candidate since this began, in full windows and in reads. */
  readonly full: Counts;
  readonly read: Counts;
  /** ln of the evidence of full windows, and whether the fast path fires. */
  readonly logHarm: number;
  readonly outage: boolean;
};

export type AftermathDecision = {
  readonly is: "revert" | "hold";
  readonly cause: "outage" | "worse" | "nothing recorded" | "undecided";
  /** Of the rule that decided: of an outage the fast path's. */
  readonly logHarm: number;
  readonly logHarmNeeded: number;
  /** What the candidate did since it has all the traffic, and stable in the steps before. */
  readonly canary: Counts;
  readonly stable: Counts;
  /** The most that stable's rate may have been. */
  readonly mostRate: number;
};

/** More pairs would let the prior vanish too late, fewer would believe two windows. */
const IMAGINED_WINDOWS = 3;
const IMAGINED_SUM = 4.5;

/** Begins with what is known of stable by now. */
export function startAftermath({ rollout, harm, stableSquares }: Comparison, alpha: number): Aftermath {
  const { stable, windows } = rollout;
  const dispersion = Math.max(dispersionOf(harm.dispersion), scatterOf(stable, windows, stableSquares));
  return {
    windows: startRecorded(stable, dispersion, alpha),
    reads: startRecorded(stable, dispersion, alpha),
    latest: [],
    full: NO_COUNTS,
    read: NO_COUNTS,
    logHarm: 0,
    outage: false,
  };
}

/**
 * How much more stable's failures scatter from window to window than by chance, 1 or more: what comes later differs from what was recorded at
 * least as much. Pearson's chi-square of a constant rate is `(N / X) sum x^2 / n - X`, with windows - 1 degrees of freedom.
 */
function scatterOf(stable: Counts, windows: number, squares: number): number {
  if (stable.x === 0) return 1;
  const chiSquare = Math.max(0, (stable.n / stable.x) * squares - stable.x);
  return Math.max(1, (chiSquare + IMAGINED_SUM) / (windows - 1 + IMAGINED_WINDOWS));
}

export function observeAftermath(state: Aftermath, rule: RatioRule, canary: Counts): Aftermath {
  if (canary.n === 0) return state;
  const windows = observeRecorded(state.windows, rule, canary);
  return { ...state, windows, full: addCounts(state.full, canary), logHarm: logRecorded(windows) };
}

export function observeAftermathRead(state: Aftermath, rule: RatioRule, canary: Counts): Aftermath {
  if (canary.n === 0) return state;
  const reads = observeRecorded(state.reads, rule, canary, { dispersion: 1, logCap: NO_CAP });
  const latest = latestOf([...state.latest, canary]);
  const outage = reads.stable.n > 0 && mostlyFail(latest) && logRecorded(reads) >= LOG_OUTAGE;
  return { ...state, reads, latest, read: addCounts(state.read, canary), outage };
}

export function decideAftermath(state: Aftermath, alpha: number): AftermathDecision {
  const { stable } = state.windows;
  const { logHarm } = state;
  const numbers = { logHarm, logHarmNeeded: neededOf(alpha), canary: state.full, stable, mostRate: state.windows.mostRate };
  if (stable.n === 0) return { is: "hold", cause: "nothing recorded", ...numbers };
  const fast = { logHarm: logRecorded(state.reads), logHarmNeeded: LOG_OUTAGE, canary: state.read };
  if (state.outage) return { is: "revert", cause: "outage", ...numbers, ...fast };
  if (logHarm >= numbers.logHarmNeeded) return { is: "revert", cause: "worse", ...numbers };
  return { is: "hold", cause: "undecided", ...numbers };
}
