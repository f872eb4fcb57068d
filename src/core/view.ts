import type { Needed } from "./basis.ts";
import type { HookPoint } from "./hook.ts";
import type { Runs } from "./rolling.ts";
import type { PhaseName, Strategy, VerdictIs } from "./rollout.ts";
import type { Routing } from "./service.ts";
import type { Bp, Endpoint, Member, Ms, PoolName, ServiceName, Shares, TargetName } from "./units.ts";

/**
 * What people and programs are shown: the bodies of the API, and what the CLI prints. Instants are RFC 3339 in UTC.
 */

export type ServiceView = {
  readonly name: ServiceName;
  readonly routing: Routing;
  readonly stable: PoolName;
  /** The pool that the rollout under way moves traffic to, or null. */
  readonly candidate: PoolName | null;
  readonly wanted: { readonly shares: Shares };
  readonly applied: {
    readonly shares: Shares | null;
    readonly generation: string;
    readonly at: string | null;
    readonly targets: readonly TargetView[];
  };
  /** Null until a source counts requests per pool. `sample` is the part of them that is written down; `requests` is scaled up. */
  readonly observed: { readonly shares: Shares; readonly requests: number; readonly windowMs: Ms; readonly sample: Bp } | null;
  readonly pools: Readonly<Record<PoolName, PoolView>>;
  /** The rollout under way, or the newest that ended, or null. */
  readonly rollout: RolloutView | null;
  /** Changes with rollout, seq and entry, and with members that people set or took out; not with health. */
  readonly etag: string;
};

export type TargetView = {
  readonly name: TargetName;
  readonly generation: string;
  readonly state: "applied" | "applying" | "refused" | "blocked";
  readonly reason: string | null;
  readonly lingering: number;
};

export type PoolView = { readonly members: readonly MemberView[]; readonly from: "config" | "api" };

export type MemberView = {
  readonly address: Member;
  /** What a person or a rollout says of it. */
  readonly state: "ready" | "draining" | "down";
  /** `kept`: down, yet the last of its pool, so that nginx still gets it. */
  readonly health: "ready" | "down" | "unknown" | "kept";
  readonly reason: string | null;
  /** Connections of every nginx to it, as `Report.inFlight` has them; null where one of them is not known. */
  readonly inFlight: number | null;
  readonly endpoints: readonly {
    readonly address: Endpoint;
    readonly health: "ready" | "down" | "unknown" | "kept";
    readonly reason: string | null;
  }[];
};

export type RolloutView = {
  readonly id: string;
  readonly service: ServiceName;
  readonly strategy: Strategy;
  readonly version: string | null;
  readonly from: PoolName;
  readonly to: PoolName;
  readonly phase: PhaseName;
  /** Index into `steps`, from 0. */
  readonly step: number;
  readonly steps: readonly StepView[];
  readonly since: string;
  /** What is left of the dwell, the deadline or the hold; null where nothing counts down, so that a waiting one needs a person. */
  readonly remainingMs: Ms | null;
  /** Why it is where it is, in a sentence. */
  readonly reason: string;
  readonly hold: { readonly on: "evidence" | "failure" | "freeze"; readonly reason: string } | null;
  readonly checks: readonly CheckView[];
  /** Null for a strategy that moves traffic from pool to pool. */
  readonly rolling: RollingView | null;
  /** The number of the revision that an undo goes back to; null for what is none. */
  readonly undoes: number | null;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
};

/** A pool whose members are updated in place, some at a time. */
export type RollingView = {
  readonly pool: PoolName;
  /** The batch that is worked on, from 1; null between two of them. */
  readonly batch: number | null;
  readonly batches: number;
  /** No member is taken out while fewer others than this are ready. */
  readonly minReady: number;
  /** True where members get their old version back. */
  readonly goingBack: boolean;
  /** Members that a person has to decide about (retry, skip, exclude or abort), or null. */
  readonly failing: { readonly members: readonly Member[]; readonly text: string } | null;
  /** Spares first, then the others in the order in which they are updated. */
  readonly members: readonly RollingMemberView[];
};

/** `untouched` is for good, `pending` not yet; `checking` waits for its health; `returning` gets its share back. */
export type RollingMemberState =
  | "pending"
  | "draining"
  | "deploying"
  | "checking"
  | "returning"
  | "monitoring"
  | "updated"
  | "failed"
  | "skipped"
  | "excluded"
  | "rolling-back"
  | "rolled-back"
  | "untouched";

export type RollingMemberView = {
  readonly address: Member;
  /** Null for a spare. */
  readonly batch: number | null;
  readonly spare: boolean;
  readonly state: RollingMemberState;
  /** Whether the new version was brought to it for sure, as far as its hooks say. */
  readonly updated: boolean;
  /** `unknown` while a hook changes it, and where that hook did not end well. */
  readonly runs: Runs;
  /** The new version where it is updated; null where it runs what it did before, nobody knows, or nobody named the version. */
  readonly version: string | null;
  readonly reason: string | null;
};

export type StepView = {
  readonly label: string;
  readonly shares: Shares;
  /** `stopped` is where a rollout turned back, and nothing of it is under way any more; `skipped` are those that it never came to. */
  readonly state: "done" | "now" | "next" | "skipped" | "stopped";
  /** What ends it: its time, its evidence, or a person. */
  readonly until: "time" | "evidence" | "approval";
};

export type CheckView = {
  readonly name: string;
  readonly is: VerdictIs;
  readonly value: number | null;
  readonly limit: string;
  /** Requests or observations that `value` comes from; null where nobody counts them. */
  readonly samples: number | null;
  /** The time that `value` comes from. */
  readonly windowMs: Ms;
  /** What is missing until it can pass, if all goes on as it does; null where it has decided, or nobody knows. */
  readonly needed: Needed | null;
  /** How far it has come towards failing and towards passing: 0 is nothing, 1 decides; null where there is nothing to say. */
  readonly towards: { readonly fail: number | null; readonly pass: number | null };
  readonly text: string;
};

/** One entry of a service's history. */
export type RevisionView = {
  /** From 1; 0 is what was stable before the first rollout. */
  readonly number: number;
  readonly rollout: string | null;
  readonly strategy: Strategy | null;
  readonly version: string | null;
  readonly from: PoolName | null;
  readonly to: PoolName;
  /** The pool that was stable after it, and its members at that time; null where that was not written down. */
  readonly stable: PoolName;
  readonly members: readonly Member[] | null;
  /** The number of the revision that an undo went back to; else null. */
  readonly undoes: number | null;
  /** What whoever started it said. */
  readonly reason: string | null;
  readonly result: "initial" | "promoted" | "reverted";
  readonly cause: string | null;
  /** Members that still run its version although it was reverted: only `rolling` leaves any. */
  readonly left: readonly Member[];
  readonly startedBy: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly durationMs: Ms | null;
};

/** The newest run of a hook. Instants are wall time. */
export type HookRunView = {
  readonly name: string;
  readonly point: HookPoint;
  /** Who it is run for; null where it runs once for all. */
  readonly member: Member | null;
  /** Index into the rollout's `steps`, from 0. */
  readonly step: number | null;
  /** Counts the runs of this work, from 1: one that a kill interrupted is run again. */
  readonly run: number;
  readonly is: "running" | "succeeded" | "failed";
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** How it ended, in a sentence; empty while it runs. */
  readonly text: string;
  /** The end of what it said, without secrets. */
  readonly output: string;
};

export type EventView = {
  /** Dense, from 1. */
  readonly seq: number;
  readonly at: string;
  readonly service: ServiceName;
  readonly rollout: string | null;
  readonly step: number | null;
  readonly kind: string;
  readonly actor: string | null;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** What a changed configuration changed: services by name. */
export type ReloadView = {
  readonly added: readonly ServiceName[];
  readonly changed: readonly ServiceName[];
  readonly removed: readonly ServiceName[];
  /** What can be used as it is and is probably not meant. */
  readonly warnings: readonly string[];
};
