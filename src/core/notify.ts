import type { Strategy } from "./rollout.ts";
import type { Secret } from "./secret.ts";
import type { Ms, PoolName, ServiceName } from "./units.ts";
import type { EventView } from "./view.ts";

/**
 * What people are told of a rollout: that it began, took a step, waits for somebody, is on its way back, sends all traffic to what it
 * brought, or could not be brought back.
 */
export type Occasion = "started" | "step" | "held" | "reverted" | "promoted" | "failed";

/** Every occasion, in the order in which a rollout meets them. */
export const OCCASIONS: readonly Occasion[] = ["started", "step", "held", "reverted", "promoted", "failed"];

/**
 * Somebody who is told. No rollout ever waits for that, or is held because it did not work.
 *
 * `services` null means all. `deadlineMs` is how long one message may take in all, tries and pauses between them included. In arguments,
 * `env` and `headers`, the placeholders of hooks are filled in, and besides them `{event}` (the occasion) and `{text}` (a sentence).
 */
export type Notifier = {
  readonly name: string;
  readonly on: readonly Occasion[];
  readonly services: readonly ServiceName[] | null;
  readonly deadlineMs: Ms;
} & (
  | {
      readonly to: "webhook";
      /** Addresses of this kind often hold a token, so this is handled as one. */
      readonly url: Secret;
      readonly headers: Readonly<Record<string, Secret>>;
      /** Key of the HMAC-SHA256 that signs the body, or null. */
      readonly secret: Secret | null;
      /** File with the certificates (PEM) to trust instead of the usual ones, or null. */
      readonly ca: string | null;
      /** How long one try may take. */
      readonly timeoutMs: Ms;
    }
  /** Slack's incoming webhook, or anything that takes `{ "text": … }` as it does. */
  | { readonly to: "slack"; readonly url: Secret; readonly ca: string | null; readonly timeoutMs: Ms }
  | {
      readonly to: "command";
      /** The program, then its arguments; no shell. */
      readonly command: readonly string[];
      readonly env: Readonly<Record<string, Secret>>;
    }
);

/** One message: an event of the journal, and what its rollout is. */
export type Notice = {
  readonly occasion: Occasion;
  readonly event: EventView;
  /** The same for every try: with it, a message that comes twice can be told. */
  readonly id: string;
  readonly rollout: string;
  readonly strategy: Strategy;
  readonly version: string | null;
  readonly from: PoolName;
  readonly to: PoolName;
  /** Label of the step, or null. */
  readonly step: string | null;
};

/** What an event of the journal means for people, or null where they need not be told. */
export function occasionOf({ kind, data }: Pick<EventView, "kind" | "data">): Occasion | null {
  switch (kind) {
    case "started":
    case "held":
    case "promoted":
    case "failed":
    case "reverted":
      return kind;
    case "observing":
      return "step";
    case "failing":
      // A way back that begins at once tells of itself.
      return data.then === "back" ? null : "held";
    case "waiting":
      return data.for === "approval" ? "held" : null;
    case "reverting":
      return "reverted";
    default:
      return null;
  }
}
