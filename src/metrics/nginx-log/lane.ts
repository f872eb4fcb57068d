import type { Apart } from "../../core/ports.ts";
import type { Route } from "../../core/route.ts";
import { POINT_LENGTHS } from "../../core/traffic.ts";
import type { Endpoint, Ms, PoolName, TargetName } from "../../core/units.ts";
import { Curve } from "./curve.ts";
import type { Position } from "./follower.ts";
import type { Line } from "./line.ts";
import { type Misrouted, type PoolOf, Routing } from "./routing.ts";
import { type Place, Recent, Tally } from "./tally.ts";

/** What was counted between two positions of the log. */
type Part = { readonly to: Position; readonly tally: Tally };

/** Older ones can still be read from the file itself. */
const MOST_PARTS = 1_000;
/** A service that nobody asked for so long keeps no parts. */
const ASKED_MS: Ms = 15 * 60_000;

/** A pool fails where this many of its newest tries failed, and this part of them: it only says when to look, and may be wrong. */
const NEWEST_MS: Ms = 5_000;
const FAILED_AT_LEAST = 3;
const FAILED_PART = 0.15;

/** What is counted of one service. */
export class Lane {
  readonly recent: Recent;
  readonly curves: readonly Curve[] = POINT_LENGTHS.map((everyMs) => new Curve(everyMs));
  /** The targets that write its requests down. */
  readonly targets = new Set<TargetName>();
  /** The pools of all addresses that were ever told; null for an address of two pools. */
  readonly #places = new Map<Endpoint, PoolName | null>();
  /** Addresses whose requests count under a name of their own in what is judged. */
  #apart: Apart[string] | null = null;
  #parts: Part[] = [];
  /** Where the parts begin; null while nothing is kept. */
  #from: Position | null = null;
  #open = new Tally();
  readonly #failing = new Set<{ readonly pool: PoolName; readonly soon: () => void }>();
  #askedAt: Ms = 0;
  #dropped = 0;

  readonly #routings = new Map<TargetName, Routing>();
  readonly #poolOfUnder: (route: Route) => PoolOf;

  constructor(keepMs: Ms, poolOfUnder: (route: Route) => PoolOf) {
    this.recent = new Recent(keepMs);
    this.#poolOfUnder = poolOfUnder;
  }

  readonly place: Place = (address) => this.#places.get(address) ?? null;

  readonly #judgedPlace: Place = (address) =>
    this.#apart?.endpoints.includes(address) === true ? this.#apart.arm : this.place(address);

  /** Learns where addresses belong. Those that are no longer wanted are remembered: their last lines are still to come. */
  know(route: Route, apart: Apart[string] | null = null): void {
    this.#apart = apart;
    const now = new Map<Endpoint, PoolName | null>();
    for (const [pool, endpoints] of Object.entries(route.endpoints))
      for (const endpoint of Object.keys(endpoints)) now.set(endpoint, now.has(endpoint) ? null : pool);
    for (const [endpoint, pool] of now) this.#places.set(endpoint, pool);
  }

  /** What one nginx is proved to serve of it, and what it did. */
  routing(target: TargetName): Routing {
    const routing = this.#routings.get(target) ?? new Routing(this.#poolOfUnder);
    this.#routings.set(target, routing);
    return routing;
  }

  /** What any nginx sent elsewhere than it was proved to, lately; null where none did. */
  misrouted(now: Ms): Misrouted | null {
    return [...this.#routings.values()].map((one) => one.misrouted(now)).find((one) => one !== null) ?? null;
  }

  add(line: Line, target: TargetName): void {
    this.recent.add(line, this.place);
    for (const curve of this.curves) curve.add(line, this.place);
    if (line.routed !== null) this.routing(target).look(line);
    if (this.#from !== null) this.#open.add(line, this.#judgedPlace);
  }

  /** Calls `soon` after each read that shows a pool failing, until the answer is called. */
  onFailing(pool: PoolName, soon: () => void): () => void {
    const one = { pool, soon };
    this.#failing.add(one);
    return () => void this.#failing.delete(one);
  }

  /** Tells those who asked, where what was counted since the last part says so. Times are wall clock. */
  tellFailing(now: Ms): void {
    for (const { pool, soon } of this.#failing) if (this.#fails(pool, now - NEWEST_MS)) soon();
  }

  #fails(pool: PoolName, since: Ms): boolean {
    let [n, x] = [0, 0];
    for (const cell of this.#open.cells()) {
      if (cell.pool !== pool || cell.endedAt < since) continue;
      n += cell.cell.n;
      x += cell.cell.x;
    }
    return x >= FAILED_AT_LEAST && x >= n * FAILED_PART;
  }

  /** Begins to keep what is counted, where that had ended. */
  ask(position: Position, now: Ms): void {
    this.#from ??= position;
    this.#askedAt = now;
  }

  forgetUnasked(now: Ms): void {
    if (this.#from === null || now - this.#askedAt <= ASKED_MS) return;
    this.#from = null;
    this.#dropped += this.#parts.length;
    this.#parts = [];
    this.#open = new Tally();
  }

  /** How many parts there were so far: names a place between two of them. */
  close(position: Position): number {
    if (!this.#open.empty) {
      this.#parts.push({ to: position, tally: this.#open });
      this.#open = new Tally();
    }
    while (this.#parts.length > MOST_PARTS) {
      this.#from = this.#parts.shift()?.to ?? position;
      this.#dropped += 1;
    }
    return this.#dropped + this.#parts.length;
  }

  /**
   * What was counted after the first `count` parts; null for all there is. `missing` is where the parts begin, if they do not reach
   * back that far.
   */
  since(count: number | null): { readonly tally: Tally; readonly missing: Position | null } {
    const tally = new Tally();
    const known = count !== null && count >= this.#dropped;
    for (const part of this.#parts.slice(known ? count - this.#dropped : 0)) tally.addAll(part.tally);
    return { tally, missing: known ? null : this.#from };
  }
}
