/** One thing that is wrong with what was sent; `pointer` is a JSON pointer into it. */
export type Wrong = { readonly in: string; readonly pointer: string; readonly detail: string };

/**
 * Why a call failed:
 * `refused`: the controller answered with a problem document, whose `code` is stable;
 * `nobody`: nothing listens there, so the call was never taken;
 * `unreachable`: the network, or no answer in time; what was asked for may have been done;
 * `foreign`: something answered that is not Sluice.
 */
export type Kind = "refused" | "nobody" | "unreachable" | "foreign";

/** Every failure of a call. */
export class SluiceError extends Error {
  readonly kind: Kind;
  /** The `code` of the problem document, such as `rollout-running`; null where there is none. */
  readonly code: string | null;
  /** The status of the answer; null where there was none. */
  readonly status: number | null;
  /** What to try next, in the controller's words; null where it says nothing. */
  readonly hint: string | null;
  /** What is wrong with the request, piece by piece. */
  readonly errors: readonly Wrong[];
  /** The id of the request, by which the controller's log has it; null where it says none. */
  readonly instance: string | null;

  constructor(kind: Kind, message: string, about: About = {}) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.name = "SluiceError";
    this.kind = kind;
    this.code = about.code ?? null;
    this.status = about.status ?? null;
    this.hint = about.hint ?? null;
    this.errors = about.errors ?? [];
    this.instance = about.instance ?? null;
  }

  /** True where the same call may work later: nothing answered, or the answer was that it cannot be answered now. */
  get passing(): boolean {
    return this.kind === "nobody" || this.kind === "unreachable" || (this.status !== null && this.status >= 500);
  }
}

type About = {
  readonly code?: string | null;
  readonly status?: number | null;
  readonly hint?: string | null;
  readonly errors?: readonly Wrong[];
  readonly instance?: string | null;
  readonly cause?: unknown;
};
