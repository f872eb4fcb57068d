import type { Ms } from "../core/units.ts";
import { backoffMs } from "./compose.ts";
import { turn } from "./pacing.ts";

/** Changes that come this close to each other become one reload; a stream of them waits at most `GATHER_MOST_MS`. */
const GATHER_MS: Ms = 10;
const GATHER_MOST_MS: Ms = 100;

export type Situation = {
  readonly now: Ms;
  readonly urgent: boolean;
  /** What is to be rendered, to know a way back that was tried already. */
  readonly keys: string;
  readonly lingering: number;
  readonly processes: number;
  readonly workers: number;
};

/** `why` is null where the wait is too short to speak of. */
export type Pause = { readonly forMs: Ms | null; readonly why: string | null };

/** When the next reload may start: changes are gathered, failures are waited out, and nginx is given its time. */
export class Patience {
  #change: { readonly first: Ms; readonly last: Ms } | null = null;
  #failure: { readonly tries: number; readonly until: Ms; readonly keys: string } | null = null;
  #signalledAt: Ms | null = null;
  #tookMs: Ms = 0;

  changed(now: Ms): void {
    this.#change = { first: this.#change?.first ?? now, last: now };
  }

  /** The changes so far are on their way. */
  gathered(): void {
    this.#change = null;
  }

  signalled(now: Ms): void {
    this.#signalledAt = now;
  }

  took(ms: Ms): void {
    this.#tookMs = ms;
  }

  /** It did not work, for a reason outside the changes: the same again waits, longer each time. */
  failed(now: Ms, keys: string): void {
    const tries = (this.#failure?.tries ?? 0) + 1;
    this.#failure = { tries, until: now + backoffMs(tries), keys };
  }

  /** It worked, or everything is different now. */
  forgive(): void {
    this.#failure = null;
  }

  /** What the next reload has to wait for, or null. A way back waits for none but itself and nginx's own limit. */
  pause(at: Situation): Pause | null {
    const failure = this.#failure;
    if (failure !== null && at.now < failure.until && !(at.urgent && failure.keys !== at.keys))
      return { forMs: failure.until - at.now, why: `it is tried again in ${Math.ceil((failure.until - at.now) / 1_000)} s` };
    const change = this.#change;
    if (!at.urgent && change !== null && at.now - change.last < GATHER_MS && at.now - change.first < GATHER_MOST_MS)
      return { forMs: GATHER_MS, why: null };
    const next = turn({ ...at, signalledAt: this.#signalledAt, tookMs: this.#tookMs });
    return next.is === "go" ? null : { forMs: next.forMs, why: next.why };
  }
}
