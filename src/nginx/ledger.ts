import type { Log } from "../core/ports.ts";
import type { Report, Route, ServiceReport } from "../core/route.ts";
import type { Ms, ServiceName, TargetName } from "../core/units.ts";
import { type Held, hold, renderKey, sameKey } from "./compose.ts";

/** What a target knows that it has to tell, and the reports made of it. */
export class Ledger {
  generation = "";
  lingering = 0;
  blocked: string | null = null;
  waiting: string | null = null;
  inFlight: Report["inFlight"] = {};
  readonly held = new Map<ServiceName, Held>();
  readonly #target: TargetName;
  readonly #served = new Map<ServiceName, Omit<ServiceReport, "refused">>();
  readonly #wall: () => Ms;
  readonly #log: Log;
  #listener: ((report: Report) => void) | null = null;
  #last = "";
  #order = 0;

  constructor(target: TargetName, wall: () => Ms, log: Log) {
    this.#log = log;
    this.#target = target;
    this.#wall = wall;
  }

  listen(listener: (report: Report) => void): void {
    this.#listener = listener;
  }

  served(route: Route): void {
    this.#served.set(route.service, { version: route.version, by: route.by, shares: route.shares });
  }

  /** Keeps what was refused of `wanted`, to be left out until it changes or its time comes. Times are of the caller's monotonic clock. */
  refuse(wanted: readonly Route[], refused: ReadonlyMap<ServiceName, string>, now: Ms): void {
    for (const route of wanted) {
      const text = refused.get(route.service);
      if (text === undefined) continue;
      this.#log.warn("nginx refuses a change", { service: route.service, version: route.version, error: text });
      this.held.set(route.service, hold(this.held.get(route.service), route, text, now));
    }
  }

  /** Forgets what was refused of services of which nginx serves now what is wanted. */
  took(wanted: readonly Route[], served: ReadonlyMap<ServiceName, Route>): void {
    for (const route of wanted) if (sameKey(served.get(route.service), route) !== null) this.held.delete(route.service);
  }

  /** Nginx is gone: nothing is served until it is proved anew. */
  lost(): void {
    this.#served.clear();
  }

  /** Hands a report over where anything in it but the time is new; `trouble` keeps every service from being applied too. */
  tell(wanted: readonly Route[], trouble: string | null): void {
    const services = Object.fromEntries(wanted.flatMap((route) => this.#service(route)));
    const { generation, lingering, waiting, inFlight } = this;
    const blocked = this.blocked ?? trouble;
    const report = { target: this.#target, generation, lingering, blocked, waiting, inFlight, services };
    const text = JSON.stringify(report);
    if (text === this.#last || this.#listener === null) return;
    this.#last = text;
    this.#listener({ ...report, order: ++this.#order, at: this.#wall() });
  }

  #service(route: Route): readonly (readonly [ServiceName, ServiceReport])[] {
    const served = this.#served.get(route.service);
    const held = this.held.get(route.service);
    const isServed = served?.version === route.version;
    const refused =
      held === undefined || isServed || held.key !== renderKey(route) ? null : { version: route.version, text: held.text };
    if (served === undefined && refused === null) return [];
    return [[route.service, { ...(served ?? { version: 0, by: null, shares: {} }), refused }]];
  }
}
