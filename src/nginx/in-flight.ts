import type { Log } from "../core/ports.ts";
import type { Route } from "../core/route.ts";
import type { Endpoint, Ms, ServiceName } from "../core/units.ts";
import { findMaster } from "./processes.ts";
import { WorkerConnections } from "./worker-connections.ts";

/** How often members are looked at that are on their way out. */
const OUT_MS: Ms = 250;
/** How often the others are, and those on their way out at the latest. */
const IN_MS: Ms = 5_000;
/** What does not change is looked at less often: after this part of the time since it changed. */
const LAZINESS = 1 / 20;
/** A look is not repeated before this many times its own length: on a host with tens of thousands of connections it takes 100 ms. */
const REST = { out: 4, in: 50 };

export type InFlightInput = {
  /** Names the master of nginx; null where its processes cannot be seen. */
  readonly pidFile: string | null;
  readonly monotonic: () => Ms;
  readonly log: Log;
  /** What is proved to be served, and whatever else nginx may be serving; null while that is not known. */
  readonly serving: () => readonly ReadonlyMap<ServiceName, Route>[] | null;
  /** The counts differ from what they were. */
  readonly changed: () => void;
};

/** `settled`: counted after nginx was proved to have taken the endpoint out, so that 0 means that nothing more will come. */
type Count = { readonly connections: number; readonly settled: boolean };

/**
 * How many connections nginx's workers, old and new, have to each endpoint.
 *
 * Of an endpoint that is out these are the requests in flight to it: workers that are told to quit close their idle connections,
 * and the new ones open none. Of one that is in, idle connections of `tries.keepalive` count too. What other programs, Sluice's own probes
 * among them, have open to it never counts. Where that cannot be known, an endpoint has no count.
 */
export class InFlight implements AsyncDisposable {
  readonly #in: InFlightInput;
  #all: readonly Endpoint[] = [];
  /** Endpoints that some service wants to be out, each with the services that do. */
  #out: ReadonlyMap<Endpoint, readonly ServiceName[]> = new Map();
  #counts: ReadonlyMap<Endpoint, Count> = new Map();
  readonly #connections = new WorkerConnections();
  /** Endpoints that were looked at since nginx was proved to have them out. */
  #lookedAt: ReadonlySet<Endpoint> = new Set();
  #movedAt: Ms;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #ended = false;

  constructor(input: InFlightInput) {
    this.#in = input;
    this.#movedAt = input.monotonic();
  }

  /** Takes what is wanted now; call it at every change, or an endpoint that was in between two looks would keep its count. */
  watch(routes: Iterable<Route>): void {
    if (this.#in.pidFile === null) return;
    const all = new Set<Endpoint>();
    const out = new Map<Endpoint, ServiceName[]>();
    for (const route of routes) {
      for (const [endpoint, state] of Object.values(route.endpoints).flatMap((pool) => Object.entries(pool))) {
        all.add(endpoint);
        if (state !== "ready") out.set(endpoint, [...(out.get(endpoint) ?? []), route.service]);
      }
    }
    const isNew = [...out.keys()].some((endpoint) => !this.#out.has(endpoint));
    if (isNew) this.#movedAt = this.#in.monotonic();
    this.#all = [...all];
    this.#out = out;
    this.#lookedAt = new Set([...this.#lookedAt].filter((endpoint) => out.has(endpoint)));
    const kept = [...this.#counts].filter(([endpoint]) => all.has(endpoint));
    this.#counts = new Map(kept.map(([endpoint, one]) => [endpoint, { ...one, settled: one.settled && out.has(endpoint) }]));
    if (isNew || this.#timer === null) this.#soon();
  }

  /** The counts to report. An endpoint that is on its way out has no 0 before nginx is proved to have taken it out. */
  get counts(): Readonly<Record<Endpoint, number>> {
    const known = [...this.#counts].filter(
      ([endpoint, { connections, settled }]) => connections > 0 || settled || !this.#out.has(endpoint),
    );
    return Object.fromEntries(known.map(([endpoint, { connections }]) => [endpoint, connections]));
  }

  /** Something may have been proved: what waits for that is looked at now. */
  proved(): void {
    if (this.#out.size === this.#lookedAt.size) return;
    if (this.#settled().some((endpoint) => !this.#lookedAt.has(endpoint))) this.#soon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Endpoints that nginx has out, whatever of its generations it serves, in every service that wants that. */
  #settled(): readonly Endpoint[] {
    const generations = this.#in.serving();
    if (generations === null) return [];
    const isOut = (endpoint: Endpoint, service: ServiceName) =>
      generations.every((routes) =>
        Object.values(routes.get(service)?.endpoints ?? {}).every((pool) => pool[endpoint] !== "ready"),
      );
    return [...this.#out].flatMap(([endpoint, services]) =>
      services.every((service) => isOut(endpoint, service)) ? endpoint : [],
    );
  }

  #soon(): void {
    if (this.#looking === null) this.#arm(0);
  }

  #arm(ms: Ms): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#looking = null;
      });
    }, ms).unref();
  }

  async #look(): Promise<void> {
    const began = this.#in.monotonic();
    try {
      this.#take(await this.#count());
    } catch (error) {
      this.#in.log.error("nginx's connections cannot be counted; trying again", { error: String(error) });
      this.#take(new Map());
    }
    this.#arm(this.#pause(this.#in.monotonic() - began));
  }

  #pause(tookMs: Ms): Ms {
    const busy = [...this.#out.keys()].some((endpoint) => (this.#counts.get(endpoint)?.connections ?? 0) > 0);
    if (!busy) return Math.max(IN_MS, tookMs * REST.in);
    const since = this.#in.monotonic() - this.#movedAt;
    return Math.max(Math.min(Math.max(OUT_MS, since * LAZINESS), IN_MS), tookMs * REST.out);
  }

  async #count(): Promise<ReadonlyMap<Endpoint, Count>> {
    const { pidFile } = this.#in;
    const found = pidFile === null || this.#all.length === 0 ? null : await findMaster(pidFile);
    if (found === null || found.is === "none") return new Map();
    const settled = this.#settled();
    this.#lookedAt = new Set(settled);
    const first = await this.#connections.count(found.master, this.#all);
    if (first === null) return new Map();
    const idle = settled.filter((endpoint) => first.get(endpoint) === 0 && this.#isNews(endpoint));
    // The kernel's list is not made in one instant: that nothing is left is believed only when it is seen twice.
    const again = idle.length === 0 ? new Map() : await this.#connections.count(found.master, idle);
    if (again === null) return new Map();
    // Proved before it was counted, and not taken back while it was.
    const before = new Set(settled);
    const still = new Set(this.#settled().filter((endpoint) => before.has(endpoint)));
    const counts = [...first].map(([endpoint, seen]): [Endpoint, Count] => [
      endpoint,
      { connections: Math.max(seen, again.get(endpoint) ?? 0), settled: still.has(endpoint) },
    ]);
    return new Map(counts);
  }

  #isNews(endpoint: Endpoint): boolean {
    const known = this.#counts.get(endpoint);
    return known === undefined || known.connections > 0 || !known.settled;
  }

  #take(counts: ReadonlyMap<Endpoint, Count>): void {
    const before = this.#counts;
    this.#counts = counts;
    const differs = (endpoint: Endpoint) => !alike(before.get(endpoint), counts.get(endpoint));
    if ([...this.#out.keys()].some(differs)) this.#movedAt = this.#in.monotonic();
    const isNew = before.size !== counts.size || [...counts.keys()].some(differs);
    if (isNew && !this.#ended) this.#in.changed();
  }
}

function alike(a: Count | undefined, b: Count | undefined): boolean {
  return a?.connections === b?.connections && a?.settled === b?.settled;
}
