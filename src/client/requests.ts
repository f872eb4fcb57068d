import type { z } from "zod";
import type { PlanBody } from "../api/schemas/plan.ts";
import type { UndoBody } from "../api/schemas/revision.ts";
import type { StartBody, SwitchBody } from "../api/schemas/rollout.ts";
import type { NewToken as NewTokenBody } from "../api/schemas/token.ts";
import type { EventView, RevisionView, RolloutView, ServiceView } from "../core/view.ts";

/** The bodies of the API, as a caller writes them: the types of the schemas that the API itself reads them by. */
export type StartRequest = z.input<typeof StartBody>;
export type SwitchRequest = z.input<typeof SwitchBody>;
export type UndoRequest = z.input<typeof UndoBody>;
export type PlanRequest = z.input<typeof PlanBody>;
export type NewTokenRequest = z.input<typeof NewTokenBody>;

/** What a start answers: a new rollout, or the word that the pool is stable already. */
export type Started =
  | { readonly is: "started"; readonly rollout: RolloutView }
  | { readonly is: "already-stable"; readonly service: ServiceView };

/** A verb for the rollout of a service, with what belongs to it. */
export type CommandRequest =
  | { readonly verb: "promote" | "pause" | "resume" | "abort" }
  /** Goes on from what failed, or (`start`) begins a failed rollout anew at its first step. */
  | { readonly verb: "retry"; readonly from?: "start" }
  /** `step`, from 0, names the step that is meant, so that a second call never skips one. */
  | { readonly verb: "advance"; readonly step?: number | null }
  /** `member` may be left out where only one has failed. */
  | { readonly verb: "skip" | "exclude"; readonly member?: string | null };

/** `next` is the cursor of the next page, null at the end. */
export type Page<Name extends string, T> = { readonly [K in Name]: readonly T[] } & { readonly next: string | null };

export type RolloutPage = Page<"rollouts", RolloutView>;
export type RevisionPage = Page<"revisions", RevisionView>;
export type EventPage = Page<"events", EventView>;

/** `newest` is the `seq` of the newest event of all. */
export type LatestEvents = { readonly events: readonly EventView[]; readonly newest: number };

export type PageRequest = { readonly limit?: number | undefined; readonly cursor?: string | null | undefined };

/** What goes with any change. */
export type Change = {
  /** The `etag` of the service as it was seen: the call is refused with `stale` where its rollout moved on, or people changed its members. `*`: it does not matter. */
  readonly ifMatch?: string | null | undefined;
  readonly reason?: string | null | undefined;
};
