import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Target } from "../core/ports.ts";
import type { Report, Route } from "../core/route.ts";
import type { Ms, ServiceName, TargetName } from "../core/units.ts";

/** How a reload ended: nginx is proved to serve it; it serves what was before; it serves neither. */
export type Reloaded = { readonly is: "proved"; readonly tookMs: Ms } | { readonly is: "undone" | "broken" };

/** Seconds. A table swap takes milliseconds, a reload tenths of a second, one that waits its turn seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A change that is wanted and not proved yet. */
type Open = { readonly version: number; readonly since: Ms };

/** Measures what is asked of each nginx, and what it proves, from the outside: by what goes through the port. */
export class TargetMeter {
  readonly #monotonic: () => Ms;
  readonly #applySeconds: Histogram<"target">;
  readonly #refusals: Counter<"target">;
  readonly #reloads: Counter<"target" | "result">;
  readonly #reloadSeconds: Histogram<"target">;
  readonly #lingering: Gauge<"target">;
  readonly #blocked: Gauge<"target">;
  readonly #refused: Gauge<"target">;
  readonly #generation: Gauge<"target">;

  constructor(registry: Registry, monotonic: () => Ms) {
    this.#monotonic = monotonic;
    const registers = [registry];
    const labelNames = ["target"] as const;
    this.#applySeconds = new Histogram({
      name: "sluice_apply_seconds",
      help: "From a change of a service's route until nginx is proved to serve it, by table swap or reload; its count is the applies.",
      labelNames,
      buckets: BUCKETS,
      registers,
    });
    this.#reloadSeconds = new Histogram({
      name: "sluice_reload_seconds",
      help: "From the signal to nginx until it is proved to serve the new configuration; reloads that were proved.",
      labelNames,
      buckets: BUCKETS,
      registers,
    });
    this.#reloads = new Counter({
      name: "sluice_reloads_total",
      help: "Reloads of nginx by how they ended: proved, undone (it serves what was before) or broken (it serves neither).",
      labelNames: ["target", "result"],
      registers,
    });
    this.#refusals = new Counter({
      name: "sluice_refusals_total",
      help: "Changes of services that nginx, or Sluice's own check of its files, refused.",
      labelNames,
      registers,
    });
    const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
    this.#lingering = gauge(
      "sluice_target_lingering_generations",
      "Earlier generations whose workers still serve old connections.",
    );
    this.#blocked = gauge(
      "sluice_target_blocked",
      "1 while something keeps every change from reaching this nginx, or it has not reported.",
    );
    this.#refused = gauge("sluice_target_refused_services", "Services whose newest change this nginx does not take.");
    this.#generation = gauge("sluice_target_generation", "Number of the generation that every worker is proved to serve.");
  }

  /** The same target, measured. */
  measured(target: Target): Target {
    const { name } = target;
    for (const result of ["proved", "undone", "broken"]) this.#reloads.inc({ target: name, result }, 0);
    this.#refusals.inc({ target: name }, 0);
    this.#applySeconds.zero({ target: name });
    this.#reloadSeconds.zero({ target: name });
    this.#blocked.set({ target: name }, 1);
    const open = new Map<ServiceName, Open>();
    const known = new Map<ServiceName, number>();
    const refused = new Map<ServiceName, number>();
    return {
      name,
      want: (routes, next) => {
        this.#note(open, known, routes);
        target.want(routes, next);
      },
      onReport: (listener) =>
        target.onReport((report) => {
          this.#report(report, open, refused);
          listener(report);
        }),
      [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
    };
  }

  reloaded(target: TargetName, reload: Reloaded): void {
    this.#reloads.inc({ target, result: reload.is });
    if (reload.is === "proved") this.#reloadSeconds.observe({ target }, reload.tookMs / 1_000);
  }

  /** A change that another overtakes is one with it, from the first on. */
  #note(open: Map<ServiceName, Open>, known: Map<ServiceName, number>, routes: readonly Route[]): void {
    const now = this.#monotonic();
    for (const { service, version } of routes) {
      if (known.get(service) === version) continue;
      known.set(service, version);
      open.set(service, { version, since: open.get(service)?.since ?? now });
    }
    if (routes.length === known.size) return;
    const wanted = new Set(routes.map(({ service }) => service));
    for (const service of known.keys()) {
      if (wanted.has(service)) continue;
      known.delete(service);
      open.delete(service);
    }
  }

  #report(report: Report, open: Map<ServiceName, Open>, refused: Map<ServiceName, number>): void {
    const { target, services } = report;
    for (const [service, { version, since }] of open) {
      if ((services[service]?.version ?? -1) < version) continue;
      open.delete(service);
      this.#applySeconds.observe({ target }, (this.#monotonic() - since) / 1_000);
    }
    let refusing = 0;
    for (const [service, { refused: refusal }] of Object.entries(services)) {
      if (refusal === null) continue;
      refusing += 1;
      if (refused.get(service) === refusal.version) continue;
      refused.set(service, refusal.version);
      this.#refusals.inc({ target });
    }
    this.#refused.set({ target }, refusing);
    this.#lingering.set({ target }, report.lingering);
    this.#blocked.set({ target }, report.blocked === null ? 0 : 1);
    const generation = Number.parseInt(report.generation, 10);
    if (!Number.isNaN(generation)) this.#generation.set({ target }, generation);
  }
}
