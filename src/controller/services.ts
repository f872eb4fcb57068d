import { Refusal } from "../core/errors.ts";
import type { AbortFiles, Log, MetricSource, ProbeEndpoint, Resolve, Store, Target } from "../core/ports.ts";
import type { Report } from "../core/route.ts";
import type { ServiceSettings } from "../core/service.ts";
import type { Ms, ServiceName, TargetName } from "../core/units.ts";
import { Cell, type CellDeps } from "./cell.ts";
import type { Clock, ClockState } from "./clock.ts";
import { Driver } from "./driver.ts";
import { Journal } from "./journal.ts";
import { startJudging } from "./judging.ts";
import { Probing } from "./probing.ts";

export type ControllerDeps = {
  readonly services: Readonly<Record<ServiceName, ServiceSettings>>;
  readonly store: Store;
  readonly aborts: AbortFiles;
  readonly clock: Clock;
  readonly clockState: () => ClockState;
  readonly targets: readonly Target[];
  readonly probe: ProbeEndpoint;
  readonly resolve: Resolve;
  readonly resolveEveryMs: Ms;
  readonly metrics: MetricSource;
  readonly log: Log;
  readonly epoch: string;
};

/** How far apart the services begin to probe, so that thousands of members are not asked in the same instant, then or later. */
const PROBE_APART_MS: Ms = 1;

const ABORT_WHILE_AWAY = {
  signal: "command",
  command: { verb: "abort" },
  actor: "sluice",
  reason: "the abort was recorded while the store was away",
} as const;

/** Drives every service: loads what is stored, wants it of nginx, and carries each rollout on from where it is. */
export class Services implements AsyncDisposable {
  readonly #deps: ControllerDeps;
  readonly #cells = new Map<ServiceName, Cell>();
  readonly #probing = new Map<ServiceName, Probing>();
  readonly #reports: Record<TargetName, Report> = {};
  readonly #listeners = new Map<Cell, Set<() => void>>();
  readonly #driver: Driver;
  readonly #journal: Journal;
  #started = false;

  private constructor(deps: ControllerDeps, journal: Journal) {
    this.#deps = deps;
    this.#journal = journal;
    this.#driver = new Driver(deps.clock, deps.log, (cell, effect) => startJudging(deps, cell, effect));
  }

  /** Loads the state, takes up the aborts that the store missed, then lets the targets, probes and rollouts go on. */
  static async open(deps: ControllerDeps): Promise<Services> {
    const services = new Services(deps, await Journal.open(deps.store, deps.clockState));
    await services.#load(deps.services);
    for (const id of deps.aborts.takeAborts()) await services.#takeAbort(id);
    services.#start();
    return services;
  }

  async #load(services: Readonly<Record<ServiceName, ServiceSettings>>): Promise<void> {
    const { store, aborts, clock, log, epoch, resolve } = this.#deps;
    const deps: CellDeps = {
      store,
      journal: this.#journal,
      aborts,
      clock,
      log,
      epoch,
      resolve,
      reports: () => this.#reports,
      changed: (cell) => this.#changed(cell),
    };
    const cells = await Promise.all(Object.values(services).map((settings) => Cell.open(settings, deps)));
    for (const cell of cells) this.#cells.set(cell.settings.name, cell);
  }

  async #takeAbort(id: string): Promise<void> {
    const cell = [...this.#cells.values()].find((one) => one.record.rollout?.id === id);
    if (cell?.rollout == null) this.#deps.aborts.clearAbort(id);
    else await cell.accept(ABORT_WHILE_AWAY);
  }

  #start(): void {
    this.#started = true;
    for (const target of this.#deps.targets) target.onReport((report) => this.#reported(report));
    this.#wantAll();
    for (const [index, cell] of this.all.entries()) {
      const probing = new Probing(this.#deps, cell);
      this.#probing.set(cell.settings.name, probing);
      this.#deps.clock.after(index * PROBE_APART_MS, () => probing.reconcile());
      this.#driver.reconcile(cell);
    }
  }

  // --- what moves ----------------------------------------------------------------------------------------------------

  /** Nginx hears of a change before anybody else does. */
  #changed(cell: Cell): void {
    if (!this.#started) return;
    this.#wantAll(cell.settings.targets);
    this.#driver.reconcile(cell);
    this.#probing.get(cell.settings.name)?.reconcile();
    for (const listener of this.#listeners.get(cell) ?? []) listener();
  }

  #wantAll(names: readonly TargetName[] | null = null): void {
    for (const target of this.#deps.targets) {
      if (names !== null && !names.includes(target.name)) continue;
      target.want(
        [...this.#cells.values()].filter((cell) => cell.settings.targets.includes(target.name)).map((cell) => cell.record.route),
      );
    }
  }

  #reported(report: Report): void {
    const known = this.#reports[report.target];
    if (known !== undefined && report.order <= known.order) return;
    this.#reports[report.target] = report;
    for (const cell of this.#cells.values()) if (cell.settings.targets.includes(report.target)) this.#poke(cell);
  }

  /** Tells a rollout what stands now; where the store refuses, again a second later. */
  #poke(cell: Cell): void {
    for (const listener of this.#listeners.get(cell) ?? []) listener();
    if (cell.rollout === null) return;
    cell.poke().catch((error: unknown) => {
      this.#deps.log.error("a rollout could not go on; trying again", { service: cell.settings.name, error: String(error) });
      if (this.#started) this.#deps.clock.after(1_000, () => this.#started && this.#poke(cell));
    });
  }

  get all(): readonly Cell[] {
    return [...this.#cells.values()];
  }

  get reports(): Readonly<Record<TargetName, Report>> {
    return this.#reports;
  }

  /** Rejects a name that is not configured. */
  cell(name: ServiceName): Cell {
    const cell = this.#cells.get(name);
    if (cell !== undefined) return cell;
    throw new Refusal(
      "unknown-service",
      `there is no service ${name}`,
      `the services are ${[...this.#cells.keys()].join(", ") || "none"}`,
    );
  }

  readiness(): { readonly ready: boolean; readonly problems: readonly string[] } {
    const problems = this.#deps.targets.flatMap((target) => {
      const report = this.#reports[target.name];
      if (report === undefined) return [`${target.name} has not reported yet`];
      return report.blocked === null ? [] : [`${target.name}: ${report.blocked}`];
    });
    return { ready: this.#started && problems.length === 0, problems };
  }

  /** Works with changed settings from now on; the caller has checked that they may change. */
  async reconfigure(services: Readonly<Record<ServiceName, ServiceSettings>>): Promise<void> {
    const known = Object.fromEntries(Object.entries(services).filter(([name]) => !this.#cells.has(name)));
    for (const [name, cell] of this.#cells) {
      const settings = services[name];
      if (settings !== undefined) await cell.configure(settings);
      else this.#forget(name, cell);
    }
    await this.#load(known);
    for (const name of Object.keys(known)) {
      const cell = this.cell(name);
      const probing = new Probing(this.#deps, cell);
      this.#probing.set(name, probing);
      probing.reconcile();
    }
    this.#wantAll();
  }

  #forget(name: ServiceName, cell: Cell): void {
    this.#probing.get(name)?.[Symbol.dispose]();
    this.#probing.delete(name);
    this.#cells.delete(name);
    cell[Symbol.dispose]();
  }

  /** Resolves when a service's rollout, route or report changes next. */
  nextChange(name: ServiceName): Promise<void> {
    const cell = this.cell(name);
    return new Promise((resolve) => {
      const listeners = this.#listeners.get(cell) ?? new Set();
      this.#listeners.set(cell, listeners);
      const once = () => {
        listeners.delete(once);
        resolve();
      };
      listeners.add(once);
    });
  }

  /** Stops what runs and waits for what is being written. Traffic stays as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#started = false;
    for (const probing of this.#probing.values()) probing[Symbol.dispose]();
    this.#driver[Symbol.dispose]();
    for (const cell of this.#cells.values()) cell[Symbol.dispose]();
    for (const cell of this.#cells.values()) await cell.idle();
  }
}
