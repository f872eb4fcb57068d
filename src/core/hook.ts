import type { Secret } from "./secret.ts";
import type { Ms } from "./units.ts";

/**
 * Where a rollout calls out. `beforePromote` comes before the candidate gets all of the traffic (in `rolling`: after the last batch);
 * those that begin with `after` and `on` can no longer change what happened.
 */
export type HookPoint =
  | "beforeStart"
  | "beforeStep"
  | "afterStep"
  | "beforePromote"
  | "afterPromote"
  | "afterRevert"
  | "onFailed"
  | "deploy"
  | "rollback";

/**
 * A program or an HTTP call that does something, or says yes or no.
 *
 * `deadlineMs` is how long it may take in all, tries and pauses between them included. In arguments, `env`, `url` and `headers`,
 * `{rollout}`, `{service}`, `{pool}`, `{member}`, `{version}` and `{step}` are filled in.
 */
export type Hook = { readonly name: string; readonly deadlineMs: Ms } & (
  | {
      readonly do: "command";
      /** The program, then its arguments; no shell. */
      readonly command: readonly string[];
      readonly env: Readonly<Record<string, Secret>>;
    }
  | {
      readonly do: "post";
      readonly url: string;
      readonly headers: Readonly<Record<string, Secret>>;
      /** Key of the HMAC-SHA256 that signs the body, or null. */
      readonly secret: Secret | null;
      /** File with the certificates (PEM) to trust instead of the usual ones, or null. */
      readonly ca: string | null;
      /** How long one try may take. */
      readonly timeoutMs: Ms;
    }
);

/** The hooks of a service at each point, in their order; a point without hooks has an empty list. */
export type Hooks = Readonly<Record<Exclude<HookPoint, "deploy" | "rollback">, readonly Hook[]>>;

export const NO_HOOKS: Hooks = {
  beforeStart: [],
  beforeStep: [],
  afterStep: [],
  beforePromote: [],
  afterPromote: [],
  afterRevert: [],
  onFailed: [],
};
