import type { Seen, Trial } from "../analysis/trial.ts";
import { type Counted, countedOf, evidenceOf, isOutageNow, type TrialEvidence } from "../analysis/trial-numbers.ts";
import type { Ms, Now } from "../core/units.ts";

/** An evidence window that was full, and the evidence after it. */
export type Closed = Counted &
  TrialEvidence & {
    /** The step's entry that it belongs to. */
    readonly entry: number;
    /** Its end: controller time, and wall clock once it is recorded. */
    readonly to: Ms;
    /** How much time it covers. */
    readonly ms: Ms;
    /** True of one that was not full when the fast path decided: no other test has seen it. */
    readonly part?: true;
  };

/** What of a comparison is recorded. */
type Watched = {
  readonly entry: number;
  readonly to: Ms;
  readonly open: { readonly ms: Ms; readonly seen: Seen };
  readonly trial: Trial;
  readonly closed: readonly Closed[];
};

/** The windows of one check of one rollout, oldest first, so that what was decided can be seen and replayed. It outlives the rollout. */
export type WindowLog = {
  /** How many older ones are no longer kept. */
  readonly dropped: number;
  readonly windows: readonly Closed[];
};

/** Six and a half hours of windows of a minute, and less than 100 kB. */
const KEPT = 400;

/** What a read has to add to the log of windows: those that it has filled, and the one under way where the fast path decided on it. */
export function freshWindows(state: Watched, now: Now): readonly Closed[] {
  const { entry, to, open, trial } = state;
  const outage = isOutageNow(trial) && open.ms > 0;
  const part: readonly Closed[] = outage
    ? [{ entry, to, ms: open.ms, ...countedOf(open.seen, trial), ...evidenceOf(trial), part: true }]
    : [];
  return [...state.closed, ...part].map((window) => ({ ...window, to: Math.round(now.wall - (now.t - window.to)) }));
}

/** The log with windows added; null where it stays as it is. A part of a window counts only until there is more. */
export function withWindows(log: WindowLog | null, fresh: readonly Closed[]): WindowLog | null {
  const before = log?.windows ?? [];
  const full = fresh.some(({ part }) => part !== true);
  if (!full && (fresh.length === 0 || before.at(-1)?.part === true)) return null;
  const all = [...before.filter(({ part }) => part !== true), ...fresh];
  return { dropped: (log?.dropped ?? 0) + Math.max(0, all.length - KEPT), windows: all.slice(-KEPT) };
}
