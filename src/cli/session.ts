import type { NewTokenRequest, PlanRequest, StartRequest, SwitchRequest, UndoRequest } from "../client/requests.ts";
import type { Control, Started } from "../core/control.ts";
import type { PlanView } from "../core/planned.ts";
import type { CreatedToken, TokenView } from "../core/token.ts";
import type { RolloutView } from "../core/view.ts";

export type { PlanRequest, StartRequest, SwitchRequest, UndoRequest };

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

/** The tokens of a controller. */
export interface Tokens {
  list(): Promise<readonly TokenView[]>;
  create(request: NewTokenRequest): Promise<CreatedToken>;
  revoke(name: string): Promise<TokenView>;
}

/** A controller behind its API. */
export interface RemoteSession extends Session {
  readonly tokens: Tokens;
  /** What a start would do now. */
  plan(service: string, request: PlanRequest): Promise<PlanView>;
}

/** Who offline verbs are done by; behind the API it is the name of the token. */
export const CLI_ACTOR = { name: "cli" } as const;
