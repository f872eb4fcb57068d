/**
 * The few errors that callers treat differently. Each edge (API, CLI) maps them once.
 *
 * A message names the thing, the cause, and the next thing to try.
 */

/** Codes are stable: they are the `code` of the API's problem documents. */
export type RefusalCode =
  | "unknown-service"
  | "unknown-pool"
  | "unknown-rollout"
  | "no-rollout"
  | "rollout-running"
  | "already-stable"
  | "not-configured"
  | "invalid"
  | "stale"
  | "stale-step"
  | "wrong-phase"
  | "not-ready"
  | "failed-check"
  | "paused"
  | "nothing-to-retry"
  | "frozen"
  | "unknown-member"
  | "unknown-revision"
  | "nothing-to-undo"
  | "changed-since"
  | "token-exists"
  | "unknown-token";

/** The caller asked for something that cannot be done now. Nothing was changed. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  /** The next thing to try, as a sentence or a command; null where the message says all. */
  readonly hint: string | null;
  constructor(code: RefusalCode, message: string, hint: string | null = null) {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.hint = hint;
  }
}

/** `full`: no room; `locked`: another process drives; `foreign`: not our database; `unavailable`: anything else. */
export type StoreErrorCode = "full" | "locked" | "foreign" | "unavailable";

/** The store cannot do its work. Traffic stays where it is. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}
