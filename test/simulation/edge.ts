import type { Clock } from "../../src/controller/clock.ts";
import type { Next, Target } from "../../src/core/ports.ts";
import type { Report, Route, ServiceReport } from "../../src/core/route.ts";
import type { Endpoint, Ms, ServiceName, TargetName } from "../../src/core/units.ts";
import { same } from "../../src/core/want.ts";
import type { Random } from "./random.ts";

/** The nginx of a simulated run: it serves what it took last, whatever becomes of the controller. */
export class Nginx {
  readonly serves = new Map<ServiceName, Route>();
  generation = 0;
  /** While set, nginx takes nothing, and says this. */
  refuses: string | null = null;
  /** Least time between two changes; a way back does not wait for it. */
  paceMs: Ms = 0;
  changedAt: Ms = 0;
  /** What it was told may come next. */
  foreseen: readonly Next[] = [];
  /** Until when requests are in flight to each address that it stopped sending any to. */
  readonly #drainedAt = new Map<Endpoint, Ms>();

  drains(endpoint: Endpoint, t: Ms): boolean {
    return t < (this.#drainedAt.get(endpoint) ?? 0);
  }

  /** Requests to addresses that are sent nothing any more take their time. */
  leaves(before: Route | undefined, route: Route, t: Ms, ms: Ms): void {
    for (const [endpoint, state] of Object.entries(before?.endpoints.blue ?? {}))
      if (state === "ready" && route.endpoints.blue?.[endpoint] !== "ready") this.#drainedAt.set(endpoint, t + ms);
  }

  /** Called with each route that it has just begun to serve. */
  took: (route: Route) => void = () => {};
}

/** Brings the simulated nginx to the routes: late, sometimes twice told, in the order that was wanted. */
export class EdgeTarget implements Target {
  readonly name: TargetName;
  readonly #nginx: Nginx;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #alive: () => boolean;
  readonly #crash: (when: "before" | "after") => void;
  #wanted: readonly Route[] = [];
  /** What this process brought nginx to, or found it at: it knows of nothing else. */
  readonly #proved = new Map<ServiceName, Route>();
  readonly #refused = new Map<ServiceName, NonNullable<ServiceReport["refused"]>>();
  #listener: (report: Report) => void = () => {};
  #next: { readonly at: Ms; readonly cancel: () => void } | null = null;
  #order = 0;
  /** How many requests are in flight to an address; nobody counts them where this is not set. */
  inFlight: ((endpoint: Endpoint) => number) | null = null;

  constructor(
    nginx: Nginx,
    clock: Clock,
    random: Random,
    alive: () => boolean,
    crash: (when: "before" | "after") => void,
    name: TargetName = "local",
  ) {
    this.#nginx = nginx;
    this.#clock = clock;
    this.#random = random;
    this.#alive = alive;
    this.#crash = crash;
    this.name = name;
  }

  want(routes: readonly Route[], next: readonly Next[] = []): void {
    this.#nginx.foreseen = next;
    this.#wanted = routes;
    const { changedAt, paceMs } = this.#nginx;
    const urgent = paceMs === 0 || this.#wanted.some((route) => route.urgent && this.#proved.get(route.service) !== route);
    const soon = this.#clock.now().t + this.#random.between(0, 300);
    this.#schedule(urgent ? soon : Math.max(soon, changedAt + paceMs));
  }

  onReport(listener: (report: Report) => void): void {
    this.#listener = listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #schedule(at: Ms): void {
    if (this.#next !== null && this.#next.at <= at) return;
    this.#next?.cancel();
    const cancel = this.#clock.after(at - this.#clock.now().t, () => this.#apply());
    this.#next = { at, cancel };
  }

  #apply(): void {
    this.#next = null;
    this.#crash("before");
    if (!this.#alive()) return;
    for (const service of this.#nginx.serves.keys()) {
      if (!this.#wanted.some((route) => route.service === service)) this.#drop(service);
    }
    for (const route of this.#pending()) {
      this.#bring(route);
      this.#crash("after");
      if (!this.#alive()) return;
    }
    this.#answer();
    if (this.#pending().length > 0) this.#schedule(this.#clock.now().t + 1_000);
  }

  #pending(): readonly Route[] {
    return this.#wanted.filter((route) => this.#proved.get(route.service) !== route);
  }

  #bring(route: Route): void {
    const nginx = this.#nginx;
    const { service } = route;
    if (!same(nginx.serves.get(service), route)) {
      if (nginx.refuses !== null) {
        this.#refused.set(service, { version: route.version, text: nginx.refuses });
        return;
      }
      nginx.leaves(nginx.serves.get(service), route, this.#clock.now().t, this.#random.between(0, 4_000));
      nginx.serves.set(service, route);
      nginx.generation += 1;
      nginx.changedAt = this.#clock.now().t;
      nginx.took(route);
    }
    this.#proved.set(service, route);
    this.#refused.delete(service);
  }

  #drop(service: ServiceName): void {
    this.#nginx.serves.delete(service);
    this.#proved.delete(service);
    this.#refused.delete(service);
  }

  /** Most answers come at once, some late, and some a second time when they are old. */
  #answer(): void {
    const report = this.#seen();
    const late = () => this.#clock.after(this.#random.between(1, 2_000), () => this.#listener(report));
    if (this.#random.chance(0.2)) late();
    else this.#listener(report);
    if (this.#random.chance(0.3)) late();
  }

  #counts(): Report["inFlight"] {
    const { inFlight } = this;
    if (inFlight === null) return {};
    const served = [...this.#nginx.serves.values()].flatMap((route) => Object.values(route.endpoints));
    return Object.fromEntries(served.flatMap((pool) => Object.keys(pool).map((endpoint) => [endpoint, inFlight(endpoint)])));
  }

  #seen(): Report {
    const names = new Set([...this.#proved.keys(), ...this.#refused.keys()]);
    const services = [...names].map((service): [string, ServiceReport] => {
      const route = this.#proved.get(service);
      const { version = 0, by = null, shares = {} } = route ?? {};
      return [service, { version, by, shares, refused: this.#refused.get(service) ?? null }];
    });
    return {
      target: this.name,
      order: ++this.#order,
      generation: `${this.#nginx.generation}-sim`,
      at: this.#clock.now().wall,
      lingering: 0,
      blocked: null,
      waiting: null,
      inFlight: this.#counts(),
      services: Object.fromEntries(services),
    };
  }
}
