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
const TROUBLES_KEPT = 5;

/** What clients saw, counted from outside: per version, and lost. */
export class Tally {
  #versions = new Map<string, { good: number; failed: number; lastStartedMs: Ms; firstFailedMs: Ms | null }>();
  #recent: Outcome[] = [];
  #lost = 0;
  #total = 0;
  readonly #troubles: string[] = [];

  add(outcome: Outcome): void {
    this.#total += 1;
    this.#recent.push(outcome);
    if (outcome.version === null) {
      this.#lost += 1;
      if (this.#troubles.length < TROUBLES_KEPT) this.#troubles.push(outcome.trouble ?? `status ${outcome.status}`);
      return;
    }
    const counts = this.#of(outcome.version);
    counts.lastStartedMs = Math.max(counts.lastStartedMs, outcome.startedMs);
    if (outcome.status === 200) counts.good += 1;
    else {
      counts.failed += 1;
      counts.firstFailedMs ??= outcome.endedMs;
    }
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
    this.#recent = this.#recent.filter((outcome) => outcome.endedMs > nowMs - RECENT_MS);
    const shares = new Map<string, number>();
    for (const { version } of this.#recent) {
      if (version !== null) shares.set(version, (shares.get(version) ?? 0) + 1 / this.#recent.length);
    }
    return shares;
  }

  /** How long after `sinceMs` a request was still started that this version answered; 0 where there was none. */
  lingeredMs(version: string, sinceMs: Ms): Ms {
    const last = this.#versions.get(version)?.lastStartedMs ?? sinceMs;
    return Math.max(0, last - sinceMs);
  }

  /** From the first failed answer of a version to the last request that still reached it; 0 where none failed. */
  exposedMs(version: string): Ms {
    const first = this.#versions.get(version)?.firstFailedMs ?? null;
    return first === null ? 0 : this.lingeredMs(version, first);
  }

  #of(version: string) {
    const fresh = { good: 0, failed: 0, lastStartedMs: 0, firstFailedMs: null };
    const counts = this.#versions.get(version) ?? fresh;
    this.#versions.set(version, counts);
    return counts;
  }
}
