import type { Actor, Control } from "../core/control.ts";
import type { Log } from "../core/ports.ts";
import type { CanaryStep } from "../core/service.ts";
import type { Ms } from "../core/units.ts";
import type { ReloadView } from "../core/view.ts";
import type { Answers } from "./answers.ts";
import type { Verified } from "./principal.ts";
import type { TokenBook } from "./token-book.ts";

/** Where the API is reached: an address, or the path of a unix socket. */
export type Listen = { readonly host: string; readonly port: number } | { readonly unix: string };

/** Whether a token is asked for, and what knows whose it is. */
export type Auth = { readonly kind: "none" } | { readonly kind: "token"; readonly verify: (token: string) => Verified };

/** Canary steps as a start brings them, read as the configuration reads them; `path` is such as `steps[0].for`. */
export type ParsedSteps =
  | { readonly is: "steps"; readonly steps: readonly CanaryStep[] }
  | { readonly is: "wrong"; readonly problems: readonly { readonly path: string; readonly message: string }[] };

/** A certificate, with the chain to its authority, and its private key: both PEM. */
export type Certificate = { readonly cert: string; readonly key: string };

export type ApiOptions = {
  readonly control: Control;
  readonly listen: Listen;
  readonly auth: Auth;
  /** Speak TLS with this certificate; null for plain HTTP, on loopback or behind something that speaks TLS. */
  readonly certificate: Certificate | null;
  /** Names (`name` or `name:port`) beside `localhost`, `127.0.0.1` and `[::1]` that the Host header may have. */
  readonly hosts: readonly string[];
  readonly version: string;
  readonly log: Log;
  readonly parseSteps: (steps: unknown) => ParsedSteps;
  readonly answers: Answers;
  /** The tokens that people make and take back. */
  readonly tokens: TokenBook;
  /** Takes over the changed configuration, all or nothing; rejects with an `ApiError` where it is refused. */
  readonly reload: (actor: Actor) => Promise<ReloadView>;
  /** What Prometheus reads; `type` is its content type. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => Ms;
  /** Folder of the built dashboard; without it, there is nothing at `/`. */
  readonly dashboard?: string;
  readonly limits?: Partial<Limits>;
};

/** What keeps a client from holding on to the process. */
export type Limits = {
  readonly bodyBytes: number;
  /** For a request to arrive as a whole. */
  readonly requestMs: Ms;
  /** For an answer, streams aside. */
  readonly answerMs: Ms;
  /** Wrong tokens from one address in a minute. */
  readonly wrongTokens: number;
  /** Event streams at a time. */
  readonly streams: number;
  /** Between two comments on a silent stream. */
  readonly heartbeatMs: Ms;
  /** How long a reader of a stream may leave a full buffer unread. */
  readonly stallMs: Ms;
  /** At the end: how long requests that are under way may take until their connections are cut. */
  readonly stopMs: Ms;
};

export const LIMITS: Limits = {
  bodyBytes: 1_048_576,
  requestMs: 30_000,
  answerMs: 60_000,
  wrongTokens: 20,
  streams: 1_000,
  heartbeatMs: 15_000,
  stallMs: 15_000,
  stopMs: 5_000,
};
