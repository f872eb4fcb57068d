import { nextWants } from "../core/ahead.ts";
import { Refusal } from "../core/errors.ts";
import type { Notifier } from "../core/notify.ts";
import type {
  AbortFiles,
  CountingSource,
  HookRunner,
  Log,
  Next,
  Notify,
  Observer,
  Preview,
  ProbeEndpoint,
  Resolve,
  Store,
  Target,
} from "../core/ports.ts";
import type { Report, Route } from "../core/route.ts";
import type { ServiceSettings } from "../core/service.ts";
import type { Ms, ServiceName, TargetName } from "../core/units.ts";
import { Cell, type CellDeps } from "./cell.ts";
import type { Clock, ClockState } from "./clock.ts";
import { Driver } from "./driver.ts";
import { Journal } from "./journal.ts";
import { apartOf } from "./judged.ts";
import { startJudging } from "./judging.ts";
import { refuseLostPools } from "./lost-pools.ts";
import { Probing } from "./probing.ts";
import { type History, pastOf, Retention } from "./retention.ts";
import { endUnwanted, startDrain, startHook, type TaskDeps } from "./tasks.ts";
import { Told } from "./told.ts";

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
  readonly metrics: CountingSource;
  /** Absent where nothing counts requests. */
  readonly observer?: Observer;
  /** Absent where nothing can show nginx's files. */
  readonly preview?: Preview;
  readonly log: Log;
  readonly epoch: string;
  /** False: what is stored is only read. Nothing is probed, applied, run or written. */
  readonly drives?: boolean;
  readonly hooks: HookRunner;
  /** Absent where nobody is told of rollouts. */
  readonly notify?: { readonly notify: Notify; readonly notifiers: readonly Notifier[] };
  /** Absent where everything is kept. */
  readonly history?: History;
};

/** How far apart the services begin to probe, so that thousands of members are not asked in the same instant, then or later. */
const PROBE_APART_MS: Ms = 3;
const AGAIN_MS: Ms = 1_000;
/** How much of a dwell may be lost where the machine boots anew. */
const KEEP_TIME_MS: Ms = 5_000;
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
  readonly journal: Journal;
  readonly #taskDeps: TaskDeps;
  readonly #retention: Retention | null;
  readonly #told = new Told();
  #started = false;

  private constructor(deps: ControllerDeps, journal: Journal) {
    this.#deps = deps;
    this.journal = journal;
    this.#taskDeps = { ...deps, underWay: new Map(), reports: () => this.#reports };
    this.#driver = new Driver(deps.clock, deps.log, (cell, effect) => startJudging(deps, cell, effect), {
      hook: (cell, effect) => startHook(this.#taskDeps, cell, effect),
      drain: (cell, effect) => startDrain(this.#taskDeps, cell, effect),
    });
    const { history } = deps;
    this.#retention = history === undefined ? null : new Retention({ ...deps, history, past: () => this.all.map(pastOf) });
  }

  /** Loads the state, takes up the aborts that the store missed, then lets the targets, probes and rollouts go on. */
  static async open(deps: ControllerDeps): Promise<Services> {
    const services = new Services(deps, await Journal.open(deps.store, deps.clockState));
    for (const cell of await services.#open(deps.services)) services.#cells.set(cell.settings.name, cell);
    if (deps.drives === false) return services;
    for (const id of deps.aborts.takeAborts()) await services.#takeAbort(id);
    services.#start();
    return services;
  }

  async #open(services: Readonly<Record<ServiceName, ServiceSettings>>): Promise<readonly Cell[]> {
    const deps: CellDeps = {
      ...this.#deps,
      journal: this.journal,
      reports: () => this.#reports,
      changed: (cell) => this.#changed(cell),
    };
    const cells = await Promise.all(Object.values(services).map((settings) => Cell.open(settings, deps)));
    for (const cell of cells) refuseLostPools(cell);
    return cells;
  }

  async #takeAbort(id: string): Promise<void> {
    const cell = this.#cells.get(id.replace(/-\d+$/, ""));
    // A service that is not configured now may be again.
    if (cell === undefined) return;
    if (cell.rollout?.id === id) await cell.accept(ABORT_WHILE_AWAY);
    else this.#deps.aborts.clearAbort(id);
  }

  #start(): void {
    this.#started = true;
    for (const target of this.#deps.targets) target.onReport((report) => this.#reported(report));
    this.#wantAll();
    for (const [index, cell] of this.all.entries()) this.#begin(cell, index * PROBE_APART_MS);
    this.#keepTime();
    this.#retention?.start();
  }

  /** Starts the standing duties of a service, and whatever its rollout wants under way. */
  #begin(cell: Cell, probesInMs: Ms): void {
    const probing = new Probing(this.#deps, cell);
    this.#probing.set(cell.settings.name, probing);
    this.#deps.clock.after(probesInMs, () => probing.reconcile());
    void endUnwanted(this.#taskDeps, cell);
    this.#driver.reconcile(cell);
  }

  /** Stores how far controller time has come while a rollout is under way: on another boot a dwell goes on from there. */
  #keepTime(): void {
    this.#deps.clock.after(KEEP_TIME_MS, () => {
      if (!this.#started) return;
      const kept = this.all.some((cell) => cell.rollout !== null)
        ? this.journal.keepTime(this.#deps.clock.now())
        : Promise.resolve();
      kept
        .catch((error: unknown) => this.#deps.log.error("the time could not be stored; trying again", { error: String(error) }))
        .finally(() => this.#keepTime());
    });
  }

  // --- what moves ----------------------------------------------------------------------------------------------------

  /** Nginx hears of a change before anybody else does. */
  #changed(cell: Cell): void {
    if (!this.#started) return;
    if (this.#told.isNews(cell)) this.#wantAll(cell.settings.targets);
    this.#driver.reconcile(cell);
    this.#probing.get(cell.settings.name)?.reconcile();
    for (const listener of this.#listeners.get(cell) ?? []) listener();
  }

  #wantAll(names: readonly TargetName[] | null = null): void {
    this.#told.note(this.all, names);
    for (const target of this.#deps.targets) {
      if (names !== null && !names.includes(target.name)) continue;
      const routes = this.wanted(target.name);
      this.#deps.observer?.know(target.name, routes, apartOf(this.all));
      target.want(routes, this.#next(target.name));
    }
  }

  /** The routes that are wanted of a target now. */
  wanted(target: TargetName): readonly Route[] {
    return this.all.filter(({ settings }) => settings.targets.includes(target)).map(({ record }) => record.route);
  }

  /** What rollouts under way may want of a target next. */
  #next(target: TargetName): readonly Next[] {
    const moving = this.all.filter((cell) => cell.rollout !== null && cell.settings.targets.includes(target));
    return moving.flatMap(({ rollout, settings: { name } }) =>
      rollout === null ? [] : nextWants(rollout).map((want) => ({ service: name, want })),
    );
  }

  #reported(report: Report): void {
    if (!this.#started) return;
    const known = this.#reports[report.target];
    if (known !== undefined && report.order <= known.order) return;
    this.#reports[report.target] = report;
    this.#deps.observer?.proved(report);
    for (const cell of this.#cells.values()) if (cell.settings.targets.includes(report.target)) void this.poke(cell);
  }

  /** Stores the route and tells a rollout what stands now; where the store refuses, again a second later. Never rejects. */
  async poke(cell: Cell): Promise<void> {
    for (const listener of this.#listeners.get(cell) ?? []) listener();
    try {
      await cell.poke();
    } catch (error) {
      this.#deps.log.error("a service could not go on; trying again", { service: cell.settings.name, error: String(error) });
      this.#deps.clock.after(AGAIN_MS, () => this.#started && void this.poke(cell));
    }
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
  async reconfigure(services: Readonly<Record<ServiceName, ServiceSettings>>, check: () => Promise<void>): Promise<void> {
    const fresh = await this.#open(Object.fromEntries(Object.entries(services).filter(([name]) => !this.#cells.has(name))));
    const changes = [...this.#cells].map(([name, cell]) => ({ cell, before: cell.settings, after: services[name] ?? null }));
    await Promise.all(changes.map(({ cell, after }) => after === null || cell.prepareFor(after)));
    // Names take their time to look up; what is under way may be something else by now.
    await check();
    const done: typeof changes = [];
    try {
      for (const change of changes) {
        if (change.after !== null) await change.cell.configure(change.after);
        done.push(change);
      }
    } catch (error) {
      for (const { cell, before } of done)
        await cell
          .configure(before)
          .catch((other: unknown) =>
            this.#deps.log.error("a service could not be given its old settings back", { error: String(other) }),
          );
      throw error;
    }
    for (const { cell, after } of changes) if (after === null) this.#forget(cell.settings.name, cell);
    for (const cell of fresh) {
      this.#cells.set(cell.settings.name, cell);
      this.#begin(cell, 0);
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
    this.#retention?.[Symbol.dispose]();
    for (const cell of this.#cells.values()) cell[Symbol.dispose]();
    for (const cell of this.#cells.values()) await cell.idle();
  }
}
