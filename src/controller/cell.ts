import { StoreError } from "../core/errors.ts";
import { observeProbe, readinessOf, UNKNOWN } from "../core/health.ts";
import type { AbortFiles, Log, Probe, Resolve, Store } from "../core/ports.ts";
import type { Fact, Outcome, Rollout, Signal } from "../core/rollout.ts";
import type { Report } from "../core/route.ts";
import type { HealthCheck, ServiceSettings } from "../core/service.ts";
import { type Settled, settled } from "../core/settled.ts";
import { transition } from "../core/transition.ts";
import type { Endpoint, Member, Ms, Now, TargetName } from "../core/units.ts";
import { canonical } from "../core/want.ts";
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import { lookUp } from "./look-up.ts";
import { composeRoute, endState, isOver, loadRecord, type ServiceRecord, type Stored, saveRecord, underWay } from "./record.ts";
import { membersOf, type ServiceState, sightOf } from "./service-state.ts";

export type CellDeps = {
  readonly store: Store;
  readonly journal: Journal;
  readonly aborts: AbortFiles;
  readonly clock: Clock;
  readonly log: Log;
  readonly epoch: string;
  readonly resolve: Resolve;
  reports(): Readonly<Record<TargetName, Report>>;
  /** Called whenever the route or the rollout changed, before anybody else hears of it. */
  changed(cell: Cell): void;
};

/** What a change makes of a record; `null` changes nothing. */
export type Edit = {
  readonly state?: ServiceState;
  readonly rollout?: Rollout;
  readonly sight?: ServiceRecord["sight"];
  readonly facts: readonly Fact[];
};

/** Somebody else wrote the same record again and again: not one process drives. */
const MOST_TRIES = 5;
const SAVE_AGAIN_MS: Ms = 1_000;

/** One service: its record, and the queue of everything that changes it. */
export class Cell {
  readonly #deps: CellDeps;
  #settings: ServiceSettings;
  #stored: Stored;
  /** What holds in memory; it is ahead of what is stored only after an abort that the store refused. */
  #record: ServiceRecord;
  #tail: Promise<unknown> = Promise.resolve();
  /** What happened and is not in the store yet: facts of aborts that it refused. */
  #unsaved: readonly Fact[] = [];
  #cancelSave: (() => void) | null = null;

  private constructor(settings: ServiceSettings, deps: CellDeps, stored: Stored) {
    this.#settings = settings;
    this.#deps = deps;
    this.#stored = stored;
    this.#record = stored.record;
  }

  static async open(settings: ServiceSettings, deps: CellDeps): Promise<Cell> {
    const cell = new Cell(settings, deps, await loadRecord(deps.store, settings, deps.epoch));
    await cell.#lookUp(settings, cell.#record.state);
    cell.#record = cell.#next({ facts: [] });
    return cell;
  }

  get settings(): ServiceSettings {
    return this.#settings;
  }

  get record(): ServiceRecord {
    return this.#record;
  }

  get rollout(): Rollout | null {
    return underWay(this.#record);
  }

  /** What the targets of this service have proved of its route. */
  get settled(): Settled {
    return settled(this.#record.route, this.#deps.reports(), this.#settings.targets);
  }

  /** Runs a change after all that came before it; it sees the newest record, and again where somebody else wrote. */
  edit<T extends { edit: Edit | null }>(change: (record: ServiceRecord, now: Now) => T): Promise<T> {
    return this.#queue(async () => {
      await this.#saveAbort(this.#deps.clock.now());
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const now = this.#deps.clock.now();
        const result = change(this.#record, now);
        if (result.edit === null) return result;
        const next = this.#next(result.edit);
        if (await this.#save(next, result.edit.facts, now)) {
          this.#adopt(next);
          return result;
        }
      }
      throw new StoreError(
        "unavailable",
        `${this.#settings.name}: somebody else keeps writing its state; is another controller running?`,
      );
    });
  }

  /** Gives a signal to the rollout under way; a signal without one is ignored. */
  async accept(signal: Signal): Promise<Outcome> {
    if (signal.signal === "command" && signal.command.verb === "abort") return this.#abort(signal);
    const { outcome } = await this.edit((record, now) => applySignal(record, signal, now));
    return outcome;
  }

  /** Tells the rollout everything that stands now: what is proved, and who is ready. Doing it twice changes nothing. */
  async poke(): Promise<void> {
    const rollout = this.rollout;
    if (rollout === null) return;
    const sights = sightOf(this.#record.state, this.#settings, this.#record.sight);
    for (const [pool, sight] of Object.entries(sights)) {
      const readiness = readinessOf(sight);
      if (canonical(rollout.readiness[pool] ?? null) !== canonical(readiness))
        await this.accept({ signal: "health", pool, readiness });
    }
    const { by } = this.#record.route;
    const proved = this.settled;
    if (by === null || proved.is === "pending") return;
    await this.accept(proved.is === "applied" ? { signal: "applied", by } : { signal: "refused", by, text: proved.text });
  }

  /** Takes what a probe saw; only a change of mind is stored. */
  async see(endpoint: Endpoint, probe: Probe, check: HealthCheck): Promise<void> {
    const { sight } = this.#record;
    const before = sight.health[endpoint] ?? UNKNOWN;
    const after = observeProbe(before, probe, check);
    if (canonical(before) === canonical(after)) return;
    if (before.is === after.is) {
      this.#record = { ...this.#record, sight: { ...sight, health: { ...sight.health, [endpoint]: after } } };
      return;
    }
    await this.edit((record) => ({
      edit: {
        sight: { ...record.sight, health: { ...record.sight.health, [endpoint]: after } },
        facts: [healthFact(endpoint, after.is, after.reason)],
      },
    }));
    await this.poke();
  }

  /** Takes what the resolver found; a name that no longer resolves keeps its last addresses. */
  async locate(member: Member, found: readonly Endpoint[], problem: string | null): Promise<void> {
    const before = this.#record.sight.addresses[member] ?? { endpoints: [], problem: null };
    const after = { endpoints: found.length > 0 ? found : before.endpoints, problem };
    if (member in this.#record.sight.addresses && canonical(before) === canonical(after)) return;
    await this.edit((record) => ({
      edit: { sight: { ...record.sight, addresses: { ...record.sight.addresses, [member]: after } }, facts: [] },
    }));
    await this.poke();
  }

  /** Works with changed settings from now on. A rollout under way keeps its own. */
  async configure(settings: ServiceSettings): Promise<void> {
    await this.#lookUp(settings, this.#record.state);
    this.#settings = settings;
    await this.edit(() => ({ edit: { facts: [] } }));
    await this.poke();
  }

  /** Finds the addresses of members that are about to be in, before nginx is told of them. */
  async prepare(members: readonly Member[]): Promise<void> {
    const found = await lookUp(members, this.#record.sight, this.#deps.resolve);
    const { sight } = this.#record;
    this.#record = { ...this.#record, sight: { ...sight, addresses: { ...sight.addresses, ...found } } };
  }

  #lookUp(settings: ServiceSettings, state: ServiceState): Promise<void> {
    return this.prepare(Object.keys(settings.pools).flatMap((pool) => membersOf(state, settings, pool)));
  }

  [Symbol.dispose](): void {
    this.#cancelSave?.();
  }

  /** Waits until everything that came before is done. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  // --- the abort that nothing holds up -------------------------------------------------------------------------------

  /** Nginx hears of an abort first; what the store cannot take is remembered in a file and saved later. */
  #abort(signal: Signal): Promise<Outcome> {
    return this.#queue(async () => {
      const now = this.#deps.clock.now();
      const { edit, outcome } = applySignal(this.#record, signal, now);
      if (edit === null) return outcome;
      this.#unsaved = [...this.#unsaved, ...edit.facts];
      this.#adopt(this.#next(edit));
      try {
        await this.#saveAbort(now);
      } catch (error) {
        this.#rememberAbort(error);
        this.#saveLater();
      }
      return outcome;
    });
  }

  /** Saves what holds in memory and not yet in the store; nothing else is written before it. */
  async #saveAbort(now: Now): Promise<void> {
    if (this.#unsaved.length === 0) return;
    const record = this.#record;
    const facts = this.#unsaved;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const saved = await this.#save(record, facts, now);
      this.#record = record;
      if (saved) {
        this.#unsaved = [];
        return;
      }
    }
    throw somebodyElse(this.#settings.name);
  }

  #rememberAbort(cause: unknown): void {
    const { log, aborts } = this.#deps;
    const service = this.#settings.name;
    log.error("an abort is under way although the store refused it; it is saved as soon as the store takes it", {
      service,
      error: String(cause),
    });
    try {
      if (this.#record.rollout !== null) aborts.recordAbort(this.#record.rollout.id);
    } catch (error) {
      log.error("the abort could not be remembered in a file either: it is lost if Sluice ends before the store is back", {
        service,
        error: String(error),
      });
    }
  }

  #saveLater(): void {
    this.#cancelSave?.();
    this.#cancelSave = this.#deps.clock.after(SAVE_AGAIN_MS, () => {
      this.#cancelSave = null;
      this.#queue(() => this.#saveAbort(this.#deps.clock.now())).catch(() => this.#saveLater());
    });
  }

  // --- the record ----------------------------------------------------------------------------------------------------

  #queue<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(run);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  #next(edit: Edit): ServiceRecord {
    const { state, rollout, sight } = { ...this.#record, ...edit };
    const parts = { state: endState(state, rollout, this.#record.rollout), rollout, sight };
    return { ...parts, route: composeRoute(parts, this.#settings, this.#record.route, this.#deps.epoch) };
  }

  /** False where somebody else wrote meanwhile: then the record is the stored one again. */
  async #save(next: ServiceRecord, facts: readonly Fact[], now: Now): Promise<boolean> {
    const saved = await saveRecord(this.#deps.journal, this.#stored, next, facts, now);
    if (saved === null) {
      this.#stored = await loadRecord(this.#deps.store, this.#settings, this.#deps.epoch);
      this.#record = this.#stored.record;
      return false;
    }
    const before = this.#stored.record.rollout;
    this.#stored = saved;
    if (next.rollout !== null && isOver(next.rollout) && next.rollout !== before) this.#deps.aborts.clearAbort(next.rollout.id);
    return true;
  }

  #adopt(next: ServiceRecord): void {
    this.#record = next;
    this.#deps.changed(this);
  }
}

function somebodyElse(service: string): StoreError {
  return new StoreError("unavailable", `${service}: somebody else keeps writing its state; is another controller running?`);
}

function applySignal(record: ServiceRecord, signal: Signal, now: Now): { edit: Edit | null; outcome: Outcome } {
  if (record.rollout === null || isOver(record.rollout)) return { edit: null, outcome: { is: "ignored" } };
  const outcome = transition(record.rollout, signal, now);
  return { edit: outcome.is === "moved" ? { rollout: outcome.rollout, facts: outcome.facts } : null, outcome };
}

function healthFact(endpoint: Endpoint, is: string, reason: string | null): Fact {
  const text = is === "ready" ? `${endpoint} is ready` : `${endpoint} is ${is}: ${reason ?? "no reason known"}`;
  return { kind: is === "ready" ? "member-ready" : "member-down", step: null, actor: null, text, data: { endpoint, reason } };
}
