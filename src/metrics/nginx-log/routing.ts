import type { Route } from "../../core/route.ts";
import type { Ms, PoolName } from "../../core/units.ts";
import type { Line } from "./line.ts";

/** The pool that a bucket goes to under a route; null where that is not for the shares to say. */
export type PoolOf = (slot: string) => PoolName | null;

/** From when until when a route was proved to be served; wall clock. */
type Served = { readonly version: number; readonly poolOf: PoolOf; readonly from: Ms; to: Ms };

/** Requests that went elsewhere than their bucket, and one of them. */
export type Misrouted = {
  readonly count: number;
  readonly of: number;
  readonly slot: string;
  readonly pool: PoolName;
  readonly instead: PoolName;
};

/** Times in the log are those of the event that a worker worked on: they may be old by so much. */
const SLACK_MS: Ms = 250;
/** How long what was found is told after the last such request. */
const TOLD_MS: Ms = 30_000;
/** Requests that take longer are not judged. */
const KEPT = 16;

/**
 * Holds what one nginx was proved to serve against what it says that it did. Workers that cache what they saw of the tables
 * (`open_file_cache`) go on with an old table, although nginx's status server sees the new one.
 */
export class Routing {
  readonly #poolOfUnder: (route: Route) => PoolOf;
  #wanted: Route | null = null;
  #served: Served[] = [];
  #since: Ms = 0;
  #seen = 0;
  #found: (Misrouted & { readonly at: Ms }) | null = null;

  constructor(poolOfUnder: (route: Route) => PoolOf) {
    this.#poolOfUnder = poolOfUnder;
  }

  /** A route is about to be brought to nginx: what is served is not known until it is proved. */
  want(route: Route, now: Ms): void {
    if (route.version === this.#wanted?.version) return;
    this.#wanted = route;
    const last = this.#served.at(-1);
    if (last !== undefined && last.to > now) last.to = now;
  }

  /** The version of a route was proved to be served at a time. */
  prove(version: number, at: Ms): void {
    const route = this.#wanted;
    if (route === null || route.version !== version || this.#served.at(-1)?.version === version) return;
    this.#served = [
      ...this.#served.slice(1 - KEPT),
      { version, poolOf: this.#poolOfUnder(route), from: at, to: Number.POSITIVE_INFINITY },
    ];
  }

  /** Judges a request that began and ended while one route was served. */
  look(line: Line): void {
    const { routed, startedAt, endedAt } = line;
    if (routed === null) return;
    const served = this.#served.find(({ from, to }) => startedAt >= from + SLACK_MS && endedAt <= to - SLACK_MS);
    const pool = served?.poolOf(routed.slot) ?? null;
    if (pool === null) return;
    if (this.#found === null || endedAt - this.#found.at > TOLD_MS) this.#forget(endedAt);
    this.#seen += 1;
    if (pool === routed.pool) return;
    this.#found = {
      count: (this.#found?.count ?? 0) + 1,
      of: this.#seen,
      slot: routed.slot,
      pool,
      instead: routed.pool,
      at: endedAt,
    };
  }

  /** What went wrong lately; null where nothing did. */
  misrouted(now: Ms): Misrouted | null {
    return this.#found === null || now - this.#found.at > TOLD_MS ? null : { ...this.#found, of: this.#seen };
  }

  /** What is counted begins anew every so often while all is well, so that the numbers are of the newest time. */
  #forget(now: Ms): void {
    if (this.#found === null && now - this.#since <= TOLD_MS) return;
    this.#found = null;
    this.#since = now;
    this.#seen = 0;
  }
}

/** In words, with what is likely to be the cause. */
export function misroutedText({ count, of, slot, pool, instead }: Misrouted): string {
  return (
    `routing-mismatch: ${count} of ${of} requests went elsewhere than their bucket (${slot} is ${pool}'s, and went to ${instead}), so users are not where ` +
    "the shares say. Is open_file_cache or disable_symlinks on in your server? nginx then does not see the tables change: switch it off there"
  );
}
