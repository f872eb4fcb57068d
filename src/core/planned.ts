import type { Hold } from "./check.ts";
import type { Strategy } from "./rollout.ts";
import type { Bp, Ms, PoolName, ServiceName, Shares, TargetName } from "./units.ts";

/** The traffic that a plan is made for, instead of what is measured; null leaves it to the measurement. */
export type Assumed = {
  /** Requests a second of the whole service. */
  readonly requestsPerS: number | null;
  /** The part of stable's requests that fail, 0 to 1. */
  readonly errorRatio: number | null;
};

/** What a start would do now, and what its steps could show. Nothing has been changed. */
export type PlanView = {
  readonly service: ServiceName;
  readonly strategy: Strategy;
  readonly version: string | null;
  readonly from: PoolName;
  readonly to: PoolName;
  /** Why a start would be refused now; null where it would be taken. */
  readonly refused: { readonly code: string; readonly reason: string; readonly hint: string | null } | null;
  /** The least time from the first step to the last, without what waits for people, members and evidence. */
  readonly leastMs: Ms;
  readonly traffic: PlannedTraffic;
  /** What the start itself changes in nginx where the first step has to wait; empty where it changes nothing, or does not wait. */
  readonly begins: readonly TargetChange[];
  /** Empty where there is nothing to do. */
  readonly steps: readonly PlannedStep[];
};

/** The traffic that the figures of a plan are for. Each is null where it is neither measured nor given. */
export type PlannedTraffic = {
  readonly requestsPerS: Figure | null;
  /** The part of stable's requests that fail. Figures are made for none where it is not known. */
  readonly errorRatio: Figure | null;
  /** How long was measured; null where nothing was. */
  readonly windowMs: Ms | null;
};

export type Figure = { readonly value: number; readonly is: "measured" | "given" };

export type PlannedStep = {
  readonly label: string;
  readonly shares: Shares;
  readonly until: "time" | "evidence" | "approval";
  /** What is waited for before the step's traffic moves, and after its time. */
  readonly before: readonly PlannedTask[];
  readonly after: readonly PlannedTask[];
  readonly leastMs: Ms;
  /** Names of the checks that must pass before the next step. */
  readonly needs: readonly string[];
  readonly hold: Hold;
  readonly ramp: { readonly fromBp: Bp; readonly toBp: Bp; readonly quantumBp: Bp; readonly everyMs: Ms } | null;
  readonly nginx: readonly TargetChange[];
  /** Only checks that can judge something in this step. */
  readonly checks: readonly PlannedCheck[];
  /** The most requests that a candidate which fails all of them costs here, and the check that ends it; null where none would, or the rate is not known. */
  readonly mostLost: { readonly requests: number; readonly check: string } | null;
  /** What will not go as one may think, in sentences. */
  readonly warnings: readonly string[];
};

export type PlannedTask = {
  readonly name: string;
  /** `healthy`, `approval` and the like. */
  readonly waitsFor: string;
  readonly withinMs: Ms | null;
  /** What the end of that time does: `back` reverts, `hold` waits for a person, `go` carries on. */
  readonly otherwise: "back" | "hold" | "go" | "fail";
  /** What it would wait for now; null where it would not, or that shows only then. */
  readonly missing: string | null;
};

/** What a step changes in one nginx. */
export type TargetChange = {
  readonly target: TargetName;
  /** `tables`: the share moves by a rename, without a reload. */
  readonly change: "nothing" | "tables" | "reload";
  /** How many reloads or renames: a ramp has several. */
  readonly times: number;
  /** Unified, between nginx's files as they lie there now and after the step, apart from the generation's number; empty without a reload. Null where it cannot be shown. */
  readonly diff: string | null;
  /** Why it cannot be shown; else null. */
  readonly problem: string | null;
};

/** What one check can see in a step, at the traffic of the plan. Figures are null where they are not known, or do not exist. */
export type PlannedCheck = {
  readonly name: string;
  /** `compare` is with stable, `bound` a fixed one. */
  readonly kind: "compare" | "bound";
  /** True where the step does not end before it passes. */
  readonly needed: boolean;
  /** False where there is no outlook on what it finds: no rate is known, or it is about something else than a part of the requests. */
  readonly foreseen: boolean;
  /** Requests of the candidate that it counts in the step's least time. */
  readonly requests: number | null;
  /** Requests of the candidate that a pass takes where it is as good as stable: in all for a comparison, in each window for a bound. */
  readonly requestsToPass: number | null;
  /** How long a pass takes at this rate, as if the candidate were as good as stable. */
  readonly passesAfterMs: Ms | null;
  /** The smallest part of the candidate's requests that fail (0 to 1) that is expected to revert within the step's least time. */
  readonly detects: number | null;
  /** The most requests that a candidate which fails all of them costs until this check reverts; null where it never does. */
  readonly mostLost: number | null;
};
