import type { Ms } from "../core/units.ts";

/** How one request of a client ended. Times are monotonic. */
export type Outcome = {
  readonly startedMs: Ms;
  readonly endedMs: Ms;
  /** Which version answered; null where no app did, so that the request is lost. */
  readonly version: string | null;
  /** Null where there was no answer at all. */
  readonly status: number | null;
  /** Why it is lost, or null. */
  readonly trouble: string | null;
};

export type VersionCounts = { readonly version: string; readonly good: number; readonly failed: number };

/** "Now" is what was answered in the last second. */
const RECENT_MS = 1_000;
/** Where nobody looks, what is older is forgotten all the same. */
const RECENT_MOST = 1_000;
const TROUBLES_KEPT = 5;

/** What clients saw, counted from outside: per version, and lost. */
export class Tally {
  readonly #versions = new Map<string, { good: number; failed: number }>();
  #mark: { readonly atMs: Ms; readonly first: Map<string, Ms>; readonly last: Map<string, Ms> } = fromNow(0);
  #recent: Outcome[] = [];
  #lost = 0;
  #total = 0;
  readonly #troubles: string[] = [];

  add(outcome: Outcome): void {
    this.#total += 1;
    this.#recent.push(outcome);
    if (this.#recent.length > RECENT_MOST) this.#forget(outcome.endedMs);
    if (outcome.version === null) {
      this.#lost += 1;
      if (this.#troubles.length < TROUBLES_KEPT) this.#troubles.push(outcome.trouble ?? `status ${outcome.status}`);
      return;
    }
    const counts = this.#versions.get(outcome.version) ?? { good: 0, failed: 0 };
    counts[outcome.status === 200 ? "good" : "failed"] += 1;
    this.#versions.set(outcome.version, counts);
    this.#note(outcome.version, outcome.startedMs);
  }

  /** From here on `turnedMs` counts: call it right before something is to change. */
  mark(nowMs: Ms): void {
    this.#mark = fromNow(nowMs);
  }

  /**
   * How long after the mark the last request was started that `old` still answered, or the first that `fresh` answered, if that
   * was later: from then on, nobody was sent to `old`. It is never below the truth; null where `fresh` was not met at all.
   */
  turnedMs(old: string, fresh: string): Ms | null {
    const first = this.#mark.first.get(fresh);
    return first === undefined ? null : Math.max(first, this.#mark.last.get(old) ?? 0) - this.#mark.atMs;
  }

  #forget(nowMs: Ms): void {
    this.#recent = this.#recent.filter((outcome) => outcome.endedMs > nowMs - RECENT_MS);
  }

  #note(version: string, startedMs: Ms): void {
    const { atMs, first, last } = this.#mark;
    if (startedMs < atMs) return;
    first.set(version, Math.min(startedMs, first.get(version) ?? startedMs));
    last.set(version, Math.max(startedMs, last.get(version) ?? startedMs));
  }

  get total(): number {
    return this.#total;
  }

  get lost(): number {
    return this.#lost;
  }

  /** Why the first lost requests were lost. */
  get troubles(): readonly string[] {
    return this.#troubles;
  }

  /** In the order in which clients met them. */
  versions(): readonly VersionCounts[] {
    return [...this.#versions].map(([version, { good, failed }]) => ({ version, good, failed }));
  }

  /** The part that each version has of the requests answered in the last second, 0 to 1. */
  now(nowMs: Ms): ReadonlyMap<string, number> {
    this.#forget(nowMs);
    const shares = new Map<string, number>();
    for (const { version } of this.#recent) {
      if (version !== null) shares.set(version, (shares.get(version) ?? 0) + 1 / this.#recent.length);
    }
    return shares;
  }
}

function fromNow(atMs: Ms) {
  return { atMs, first: new Map<string, Ms>(), last: new Map<string, Ms>() };
}
