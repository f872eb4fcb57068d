import type { Clock } from "../../src/controller/clock.ts";
import type { Target } from "../../src/core/ports.ts";
import type { Report, Route, ServiceReport } from "../../src/core/route.ts";
import type { Random } from "./random.ts";

/** The nginx of a simulated run: it serves what it took last, whatever becomes of the controller. */
export class Nginx {
  readonly serves = new Map<string, Route>();
  generation = 0;
  /** While set, nginx takes nothing, and says this. */
  refuses: string | null = null;
}

/** Brings the simulated nginx to the routes: late, sometimes twice told, in the order that was wanted. */
export class EdgeTarget implements Target {
  readonly name = "local";
  readonly #nginx: Nginx;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #alive: () => boolean;
  readonly #crash: (when: "before" | "after") => void;
  #wanted: readonly Route[] = [];
  #refused = new Map<string, NonNullable<ServiceReport["refused"]>>();
  #listener: (report: Report) => void = () => {};
  #busy = false;
  #order = 0;

  constructor(nginx: Nginx, clock: Clock, random: Random, alive: () => boolean, crash: (when: "before" | "after") => void) {
    this.#nginx = nginx;
    this.#clock = clock;
    this.#random = random;
    this.#alive = alive;
    this.#crash = crash;
  }

  want(routes: readonly Route[]): void {
    this.#wanted = routes;
    if (!this.#busy) this.#schedule(this.#random.between(0, 300));
  }

  onReport(listener: (report: Report) => void): void {
    this.#listener = listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #schedule(ms: number): void {
    this.#busy = true;
    this.#clock.after(ms, () => this.#apply());
  }

  #apply(): void {
    const pending = this.#wanted.filter((route) => this.#nginx.serves.get(route.service)?.version !== route.version);
    this.#busy = false;
    this.#crash("before");
    if (!this.#alive()) return;
    for (const route of pending) {
      if (this.#nginx.refuses === null) {
        this.#nginx.serves.set(route.service, route);
        this.#nginx.generation += 1;
        this.#refused.delete(route.service);
      } else this.#refused.set(route.service, { version: route.version, text: this.#nginx.refuses });
    }
    this.#crash("after");
    if (!this.#alive()) return;
    this.#report();
    if (this.#random.chance(0.3))
      this.#clock.after(
        this.#random.between(1, 2_000),
        (
          (old) => () =>
            this.#listener(old)
        )(this.#seen()),
      );
    if (this.#wanted.some((route) => this.#nginx.serves.get(route.service)?.version !== route.version)) this.#schedule(1_000);
  }

  #report(): void {
    this.#listener(this.#seen());
  }

  #seen(): Report {
    const services = [...this.#nginx.serves.values()].map((route): [string, ServiceReport] => [
      route.service,
      { version: route.version, by: route.by, shares: route.shares, refused: this.#refused.get(route.service) ?? null },
    ]);
    return {
      target: this.name,
      order: ++this.#order,
      generation: `${this.#nginx.generation}-sim`,
      at: this.#clock.now().wall,
      lingering: 0,
      blocked: null,
      waiting: null,
      inFlight: {},
      services: Object.fromEntries(services),
    };
  }
}
