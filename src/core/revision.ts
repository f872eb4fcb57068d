import type { Rollout, Strategy } from "./rollout.ts";
import type { Member, Ms, PoolName } from "./units.ts";

/**
 * One entry of a service's history: a rollout that is over. Number 0 is what was stable before the first one.
 *
 * Instants are wall time.
 */
export type Revision = {
  readonly number: number;
  /** Null for number 0. */
  readonly rollout: string | null;
  readonly strategy: Strategy | null;
  readonly version: string | null;
  readonly from: PoolName | null;
  /** The pool that it was about: traffic moved there, or its members were updated. */
  readonly to: PoolName;
  /** The pool that was stable after it. */
  readonly stable: PoolName;
  /** Members of `stable` at that time; null where an earlier version of Sluice wrote it. */
  readonly members: readonly Member[] | null;
  /** The number of what it brings: its own, or that of the revision that it went back to. */
  readonly brings: number;
  /** The number of the revision that an undo went back to; null for what is none. */
  readonly undoes: number | null;
  readonly reason: string | null;
  readonly result: "initial" | "promoted" | "reverted";
  readonly cause: string | null;
  /** Members that still run its version although it was reverted: only `rolling` leaves any. */
  readonly left: readonly Member[];
  readonly startedBy: string | null;
  readonly startedAt: Ms | null;
  readonly endedAt: Ms | null;
};

/** What a rollout that is over leaves in the history; `stable` and `members` are what stands after it. */
export function revisionOf(
  rollout: Rollout,
  after: { readonly number: number; readonly stable: PoolName; readonly members: readonly Member[] },
): Revision {
  const { phase } = rollout;
  return {
    number: after.number,
    rollout: rollout.id,
    strategy: rollout.strategy,
    version: rollout.version,
    from: rollout.from,
    to: rollout.to,
    stable: after.stable,
    members: after.members,
    brings: rollout.undo?.brings ?? after.number,
    undoes: rollout.undo?.revision ?? null,
    reason: rollout.reason,
    result: phase.phase === "promoted" ? "promoted" : "reverted",
    cause: "cause" in phase ? phase.cause : null,
    left: phase.phase === "reverted" ? leftOf(rollout) : [],
    startedBy: rollout.startedBy,
    startedAt: rollout.startedAt,
    endedAt: rollout.endedAt,
  };
}

function leftOf({ rolling }: Rollout): readonly Member[] {
  if (rolling === null) return [];
  const { touched, undone, settings } = rolling;
  return touched.filter((member) => !undone.includes(member) && !settings.spares.includes(member));
}

/** What was stable before the first rollout, so that this can be undone too. Nobody ever said which version that is. */
export function firstRevision(stable: PoolName, members: readonly Member[]): Revision {
  const nothing = { rollout: null, strategy: null, version: null, from: null, undoes: null, reason: null, left: [] };
  const nobody = { startedBy: null, startedAt: null, endedAt: null };
  const cause = "stable before the first rollout";
  return { ...nothing, ...nobody, number: 0, to: stable, stable, members, brings: 0, result: "initial", cause };
}

/** Brought what users got from then on: not one that went back, and not an update of a pool that had no traffic. */
export function becameStable({ result, to, stable }: Revision): boolean {
  return result !== "reverted" && to === stable;
}

/** Changed what its pool runs: whoever moves traffic has brought it there, and what was updated in place may have been put back. */
export function broughtSomething({ strategy, result, left }: Revision): boolean {
  return strategy !== "rolling" || result !== "reverted" || left.length > 0;
}

/** Whether two revisions brought the same, as far as anybody said. */
export function sameContent(a: Revision, b: Revision): boolean {
  return a.to === b.to && (a.brings === b.brings || (a.version !== null && a.version === b.version));
}
