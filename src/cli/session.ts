import type { z } from "zod";
import type { PlanBody } from "../api/schemas/plan.ts";
import type { UndoBody } from "../api/schemas/revision.ts";
import type { StartBody, SwitchBody } from "../api/schemas/rollout.ts";
import type { Control, Started } from "../core/control.ts";
import type { PlanView } from "../core/planned.ts";
import type { RolloutView } from "../core/view.ts";

/** The bodies of the API, as a caller writes them. */
export type StartRequest = z.input<typeof StartBody>;
export type PlanRequest = z.input<typeof PlanBody>;
export type SwitchRequest = z.input<typeof SwitchBody>;
export type UndoRequest = z.input<typeof UndoBody>;

/**
 * What commands work on: a controller behind its API, or the same controller inside this process.
 *
 * Answers are the API's objects in both cases.
 */
export interface Session
  extends Pick<
    Control,
    | "services"
    | "service"
    | "rollout"
    | "explanation"
    | "revisions"
    | "command"
    | "setMembers"
    | "setMember"
    | "events"
    | "follow"
  > {
  /** True where this process is the controller: the work stops with it. */
  readonly offline: boolean;
  start(service: string, request: StartRequest): Promise<Started>;
  /** A blue-green rollout in one call. */
  switchTo(service: string, request: SwitchRequest): Promise<Started>;
  /** Back to an earlier revision. */
  undo(service: string, request: UndoRequest): Promise<RolloutView>;
}

/** A controller behind its API. */
export interface RemoteSession extends Session {
  /** What a start would do now. */
  plan(service: string, request: PlanRequest): Promise<PlanView>;
}

/** Who offline verbs are done by; behind the API it is the name of the token. */
export const CLI_ACTOR = { name: "cli" } as const;
