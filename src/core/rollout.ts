import type { Basis } from "./basis.ts";
import type { Check, Hold } from "./check.ts";
import type { RefusalCode } from "./errors.ts";
import type { Freeze } from "./freeze.ts";
import type { Hook, HookPoint } from "./hook.ts";
import type { MemberHealth, Rolling } from "./rolling.ts";
import type { By, Want } from "./route.ts";
import type { CanaryStep, Metric } from "./service.ts";
import type { Task, TaskResult } from "./task.ts";
import type { Bp, Member, Ms, Now, PoolName, ServiceName } from "./units.ts";

export type Strategy = "blue-green" | "canary" | "rolling";

/** The share of `pool` rises from `fromBp` by `quantumBp` every `everyMs`, and ends at `toBp` exactly. */
export type Ramp = {
  readonly pool: PoolName;
  readonly fromBp: Bp;
  readonly toBp: Bp;
  readonly quantumBp: Bp;
  readonly everyMs: Ms;
};

/** A route change, then a dwell, judged by checks. */
export type Step = {
  readonly label: string;
  readonly before: readonly Task[];
  readonly want: Want;
  readonly after: readonly Task[];
  /** True where the step ends as soon as its evidence is good, once `leastMs` are over; it observes until then, for `hold.atMostMs` at most. */
  readonly untilEvidence: boolean;
  /** The least dwell, in served time. */
  readonly leastMs: Ms;
  readonly hold: Hold;
  /** Names of the checks that must pass before the next step. */
  readonly needs: readonly string[];
  readonly ramp: Ramp | null;
  /** The members that a step of `rolling` is about; null for every other. */
  readonly batch: readonly Member[] | null;
};

/** Where in its step a moving rollout is. Times are controller time. */
export type Stage =
  | {
      readonly at: "waiting";
      readonly list: "before" | "after";
      readonly task: number;
      readonly since: Ms;
      readonly deadline: Ms | null;
    }
  | { readonly at: "applying"; readonly since: Ms; readonly refused: string | null }
  | {
      readonly at: "observing";
      readonly servedMs: Ms;
      readonly asOf: Ms;
      readonly rampBp: Bp | null;
      readonly refused: string | null;
    }
  | {
      readonly at: "held";
      readonly on: "evidence" | "failure" | "freeze";
      readonly reason: string;
      readonly since: Ms;
      readonly servedMs: Ms;
      /** Controller time at which a freeze ends; null for every other hold. */
      readonly until: Ms | null;
    };

/** `entry` rises each time a step is entered: what belongs to an earlier one is told apart by it. */
export type Cursor = { readonly step: number; readonly entry: number; readonly stage: Stage };

export type Phase =
  | { readonly phase: "moving"; readonly cursor: Cursor }
  | { readonly phase: "paused"; readonly cursor: Cursor; readonly by: string; readonly reason: string | null; readonly at: Ms }
  | { readonly phase: "reverting"; readonly cursor: Cursor; readonly cause: string; readonly since: Ms }
  | { readonly phase: "failed"; readonly cursor: Cursor; readonly cause: string; readonly trouble: string; readonly since: Ms }
  | { readonly phase: "promoted"; readonly at: Ms; readonly cause: string }
  | { readonly phase: "reverted"; readonly at: Ms; readonly cause: string; readonly cursor: Cursor };

/** The public name of a phase: `held` shows as `waiting`, with its reason. */
export type PhaseName = "applying" | "observing" | "waiting" | "paused" | "reverting" | "promoted" | "reverted" | "failed";

export type VerdictIs = "pass" | "fail" | "inconclusive" | "error";

/** What a check said, with the numbers that it said it from. */
export type Verdict = {
  readonly check: string;
  readonly is: VerdictIs;
  readonly value: number | null;
  /** The rule, for people: `< 2 %`. */
  readonly limit: string;
  /** Requests or observations that `value` comes from; null where nobody counts them. */
  readonly samples: number | null;
  readonly windowMs: Ms;
  readonly text: string;
  /** Why `hold: { then: advance }` may not go on without a pass, in words; left out where it may. */
  readonly suspicious?: string;
  /** The numbers behind it; left out where nobody gave any. */
  readonly basis?: Basis;
};

/** The evidence window that verdicts belong to: opened when a step's route is proved, until the next step's is. */
export type Watch = {
  readonly entry: number;
  readonly step: number;
  readonly since: Ms;
  /** All the traffic is on the candidate, from the step's beginning on. */
  readonly alone: boolean;
};

/** How many endpoints of a pool can take traffic; those that are `unknown` may, and are neither ready nor down. */
export type Readiness = { readonly ready: number; readonly of: number; readonly unknown: number; readonly reason: string | null };

/** The form in which a rollout is stored. It rises where what an earlier version stored has to be brought to a new form. */
export const ROLLOUT_SCHEMA = 2;

/** What a rollout goes back to: the revision that was named, and the one that brought it first. */
export type Undo = { readonly revision: number; readonly brings: number };

/**
 * One run of a strategy for one service. Settings and plan are frozen at its start.
 *
 * It is a value: `transition` makes the next one, the controller stores it.
 */
export type Rollout = {
  readonly schema: typeof ROLLOUT_SCHEMA;
  readonly id: string;
  readonly service: ServiceName;
  readonly strategy: Strategy;
  readonly version: string | null;
  readonly reason: string | null;
  /** The revision that it goes back to; null for a rollout that brings something. */
  readonly undo: Undo | null;
  /** Canary steps that came with the start instead of the configured ones; a retry takes them again. */
  readonly steps: readonly CanaryStep[] | null;
  readonly from: PoolName;
  readonly to: PoolName;
  readonly plan: readonly Step[];
  readonly checks: readonly Check[];
  /** The metrics that the checks name, as they were configured at the start. */
  readonly metrics: readonly Metric[];
  readonly startedBy: string;
  readonly startedAt: Ms;
  readonly endedAt: Ms | null;
  /** Rises with every change of `want`. */
  readonly seq: number;
  readonly want: Want;
  /** The newest seq that every target proved, 0 before the first. */
  readonly appliedSeq: number;
  readonly phase: Phase;
  readonly watch: Watch | null;
  readonly tasks: Readonly<Record<string, TaskResult>>;
  readonly verdicts: Readonly<Record<string, { readonly entry: number; readonly verdict: Verdict }>>;
  readonly readiness: Readonly<Record<PoolName, Readiness>>;
  /** Who asked to go to 100 % without dwelling, and at which step, or null. */
  readonly promoted: { readonly by: string; readonly step: number } | null;
  /** What a rollout of strategy `rolling` knows of its members; null for every other. */
  readonly rolling: Rolling | null;
  /** Index of the first step of the way back, where that has steps of its own. */
  readonly backFrom: number | null;
  /**
   * What stood in the plan where the way back stands now: a retry goes on with that. Null where nothing was replaced, and in `rolling`,
   * whose retry goes on with the way back.
   */
  readonly replaced: readonly Step[] | null;
  readonly later: { readonly afterRevert: readonly Hook[]; readonly onFailed: readonly Hook[] };
  readonly freezes: readonly Freeze[];
};

/** What a person or a program tells a rollout to do. */
export type Command =
  | { readonly verb: "advance"; readonly step: number | null }
  | { readonly verb: "promote" }
  | { readonly verb: "pause" }
  | { readonly verb: "resume" }
  | { readonly verb: "abort" }
  /** From what failed, unless it says `start`: from the first step. */
  | { readonly verb: "retry"; readonly from?: "start" }
  /** `rolling`: goes on without updating a member, or with it as it is. */
  | { readonly verb: "skip"; readonly member: Member | null }
  /** `rolling`: goes on without a member; it stays out of nginx until a person puts it back. */
  | { readonly verb: "exclude"; readonly member: Member | null };

export type Verb = Command["verb"];

/** Anything that reaches a rollout. */
export type Signal =
  | { readonly signal: "command"; readonly command: Command; readonly actor: string; readonly reason: string | null }
  | { readonly signal: "applied"; readonly by: By }
  | { readonly signal: "refused"; readonly by: By; readonly text: string }
  /** `what` is how people call the work. */
  | { readonly signal: "task"; readonly key: string; readonly what?: string; readonly result: TaskResult }
  /** `members` are those that were judged, as the effect named them. */
  | {
      readonly signal: "judged";
      readonly rollout: string;
      readonly entry: number;
      readonly members: readonly Member[] | null;
      readonly verdicts: readonly Verdict[];
    }
  | { readonly signal: "health"; readonly pool: PoolName; readonly readiness: Readiness }
  | { readonly signal: "members"; readonly health: Readonly<Record<Member, MemberHealth>> }
  | { readonly signal: "woken" };

/** Work that a rollout wants under way; a function of its state, so that recovery is the same call as a normal step. */
export type Effect =
  | {
      readonly effect: "judge";
      readonly key: string;
      readonly rollout: string;
      readonly pool: PoolName;
      /** The pool that comparisons are made with. */
      readonly stable: PoolName;
      readonly version: string | null;
      readonly entry: number;
      readonly since: Ms;
      /** All the traffic is on the candidate: stable can only be compared with as it was recorded before. */
      readonly alone: boolean;
      readonly checks: readonly Check[];
      readonly metrics: readonly Metric[];
      /** Only these members of the pool are judged, and compared with its others; null judges the whole pool. */
      readonly members: readonly Member[] | null;
    }
  | {
      readonly effect: "hook";
      readonly key: string;
      readonly rollout: string;
      /** What the task's result is told by. */
      readonly task: string;
      readonly point: HookPoint;
      readonly hook: Hook;
      readonly member: Member | null;
    }
  | {
      readonly effect: "drain";
      readonly key: string;
      readonly task: string;
      readonly members: readonly Member[];
    }
  | { readonly effect: "wake"; readonly key: string; readonly at: Ms };

/** A thing that happened, for the journal. */
export type Fact = {
  readonly kind: FactKind;
  readonly step: number | null;
  readonly actor: string | null;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export type FactKind =
  | "member-ready"
  | "member-down"
  | "members"
  | "started"
  | "waiting"
  | "applying"
  | "applied"
  | "refused"
  | "observing"
  | "verdict"
  | "passed"
  | "held"
  | "paused"
  | "resumed"
  | "advanced"
  | "approved"
  | "promoting"
  | "retried"
  | "failing"
  | "skipped"
  | "excluded"
  | "drained"
  | "hook"
  | "reverting"
  | "failed"
  | "promoted"
  | "reverted"
  /** A token was made or taken back. */
  | "token"
  /** A changed configuration was taken over. */
  | "configuration";

export type Transition = (rollout: Rollout, signal: Signal, now: Now) => Outcome;

export type Outcome =
  | { readonly is: "moved"; readonly rollout: Rollout; readonly facts: readonly Fact[] }
  /** Late, doubled, or nothing new: nothing is written. */
  | { readonly is: "ignored" }
  | {
      readonly is: "refused";
      readonly code: RefusalCode;
      readonly reason: string;
      readonly hint: string | null;
    };
