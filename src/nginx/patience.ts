import type { Ms } from "../core/units.ts";
import { backoffMs } from "./compose.ts";
import { turn } from "./pacing.ts";

/** A change that meets another on its way waits this long for more of them. */
const GATHER_MS: Ms = 15;
/** A stream of changes waits for one reload no longer than this. */
const GATHER_MOST_MS: Ms = 250;

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
  /** When what is on its way was gathered first. */
  #batch: Ms | null = null;
  #last: Ms = 0;
  /** Something changed since the last was gathered. */
  #more = false;
  /** Changes come one after the other. */
  #stream = false;
  #failure: { readonly tries: number; readonly until: Ms; readonly keys: string } | null = null;
  #signalledAt: Ms | null = null;
  #tookMs: Ms = 0;

  changed(now: Ms): void {
    this.#last = now;
    this.#more = true;
  }

  /** What is wanted so far is on its way. */
  gathered(now: Ms): void {
    this.#batch ??= now;
    this.#more = false;
  }

  /** True where more is wanted than what is on its way, and it is soon enough to start over with all of it. */
  isOvertaken(now: Ms): boolean {
    this.#stream = this.#more && this.#batch !== null && now - this.#batch < GATHER_MOST_MS;
    if (!this.#stream) this.#batch = null;
    return this.#stream;
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
    if (!at.urgent && this.#stream && at.now - this.#last < GATHER_MS) return { forMs: GATHER_MS, why: null };
    const next = turn({ ...at, signalledAt: this.#signalledAt, tookMs: this.#tookMs });
    return next.is === "go" ? null : { forMs: next.forMs, why: next.why };
  }
}
