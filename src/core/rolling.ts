import type { RollingSettings } from "./service.ts";
import type { Member, Ms, PoolName } from "./units.ts";

/**
 * One member's health as a rollout sees it: probes from before it was asked for do not count. `since` is controller time. `failing` where
 * an address of it is known not to answer, `down` where none of them does: a member that is neither ready nor failing is not known yet.
 */
export type MemberHealth = {
  readonly ready: boolean;
  readonly failing: boolean;
  readonly down: boolean;
  readonly since: Ms;
  readonly reason: string | null;
};

/** What a member runs, as far as its hooks say; unknown while one of them changes it, and where that did not end well. */
export type Runs = "before" | "new" | "unknown";

/** What a rolling rollout knows of its members. The candidate is the same pool, so a version belongs to a member here. */
export type Rolling = {
  readonly pool: PoolName;
  /** The members to update, in the order in which that happens. */
  readonly members: readonly Member[];
  readonly settings: RollingSettings;
  /** Ready members below which no more are taken out. */
  readonly minReady: number;
  /** Members that may fail before `onFailure` holds. */
  readonly mayFail: number;
  /** Members whose deploy hook has begun, in that order, spares among them. */
  readonly touched: readonly Member[];
  /** Of those, the members that run the new version for sure: the newest hook that changed them was `deploy`, and ended well. */
  readonly deployed: readonly Member[];
  /** Members that have their old version back. */
  readonly undone: readonly Member[];
  /** Members that failed and that the rollout went on without, each with the reason. */
  readonly failed: Readonly<Record<Member, string>>;
  readonly skipped: readonly Member[];
  readonly excluded: readonly Member[];
  /** What a person has to decide about, or null. `step` is where a retry begins. */
  readonly failing: { readonly members: readonly Member[]; readonly step: number; readonly text: string } | null;
  /** Controller time since which probes of a member count: what it answered before its update says nothing. */
  readonly fresh: Readonly<Record<Member, Ms>>;
  readonly health: Readonly<Record<Member, MemberHealth>>;
};
