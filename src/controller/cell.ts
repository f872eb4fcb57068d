import { memberHealths, readinessOf } from "../core/health.ts";
import type { Probe, Resolve } from "../core/ports.ts";
import type { Fact, Outcome, Rollout, Signal } from "../core/rollout.ts";
import type { Report } from "../core/route.ts";
import type { HealthCheck, ServiceSettings } from "../core/service.ts";
import { type Settled, settled } from "../core/settled.ts";
import { transition } from "../core/transition.ts";
import type { Endpoint, Member, Ms, Now, TargetName } from "../core/units.ts";
import { canonical } from "../core/want.ts";
import type { Clock } from "./clock.ts";
import { type Found, lookUp } from "./look-up.ts";
import { composeRoute, endState, isOver, loadRecord, type ServiceRecord, underWay, withoutPasses } from "./record.ts";
import { SavedRecord, type SavingDeps, somebodyElse } from "./saved-record.ts";
import { membersOf, type ServiceState, sightOf } from "./service-state.ts";
import { asOfOld, located, seen } from "./sight.ts";

export type CellDeps = SavingDeps & {
  readonly clock: Clock;
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

const MOST_TRIES = 5;
const SAVE_AGAIN_MS: Ms = 1_000;

/** One service: its record, and the queue of everything that changes it. */
export class Cell {
  readonly #deps: CellDeps;
  readonly #saved: SavedRecord;
  #settings: ServiceSettings;
  /** What holds in memory; it is ahead of what is stored only after an abort that the store refused. */
  #record: ServiceRecord;
  #tail: Promise<unknown> = Promise.resolve();
  #cancelSave: (() => void) | null = null;
  /** Endpoints that were ready when an earlier process saw them last, until they are seen anew. */
  readonly #wereReady: Set<Endpoint>;

  private constructor(settings: ServiceSettings, deps: CellDeps, saved: SavedRecord) {
    this.#settings = settings;
    this.#deps = deps;
    this.#saved = saved;
    const { record } = saved;
    const { health } = record.sight;
    this.#wereReady = new Set(Object.keys(health).filter((endpoint) => health[endpoint]?.is === "ready"));
    this.#record = { ...record, sight: asOfOld(record.sight, settings.health), rollout: withoutPasses(record.rollout) };
  }

  static async open(settings: ServiceSettings, deps: CellDeps): Promise<Cell> {
    const cell = new Cell(settings, deps, new SavedRecord(deps, await loadRecord(deps.store, settings, deps.epoch)));
    await cell.prepareFor(settings);
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

  /** The same for people: what the store does not take yet is waited for, too. */
  get awaited(): Settled {
    const { refused } = this.#saved;
    return refused === null
      ? this.settled
      : { is: "pending", reason: `nginx was told, and it is stored once the store takes it: ${refused}` };
  }

  /** Runs a change after all that came before it; it sees the newest record, and again where somebody else wrote. */
  edit<T extends { edit: Edit | null }>(change: (record: ServiceRecord, now: Now) => T): Promise<T> {
    return this.#queue(async () => {
      await this.#saved.catchUp(this.#record, this.#deps.clock.now(), this.#settings);
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const now = this.#deps.clock.now();
        const result = change(this.#record, now);
        if (result.edit === null) return result;
        const next = this.#next(result.edit);
        if (await this.#saved.save(next, result.edit.facts, now, this.#settings)) {
          this.#adopt(next);
          return result;
        }
        this.#record = this.#saved.record;
      }
      throw somebodyElse(this.#settings.name);
    });
  }

  /** Gives a signal to the rollout under way; `check` sees the record that it meets, and throws to refuse. */
  async accept(signal: Signal, check: (record: ServiceRecord) => void = () => {}): Promise<Outcome> {
    if (signal.signal === "command" && signal.command.verb === "abort") return this.#abort(signal, check);
    const { outcome } = await this.edit((record, now) => {
      check(record);
      return applySignal(record, signal, now);
    });
    return outcome;
  }

  /**
   * Tells the rollout everything that stands now: what is proved, and who is ready. Doing it twice changes nothing.
   *
   * A start may make another route of what is stored, where the configuration changed meanwhile: that is stored then.
   */
  async poke(): Promise<void> {
    if (this.#record.route !== this.#saved.record.route) await this.edit(() => ({ edit: { facts: [] } }));
    const rollout = this.rollout;
    if (rollout === null) return;
    const sights = sightOf(this.#record.state, this.#settings, this.#record.sight, rollout);
    for (const [pool, sight] of Object.entries(sights)) {
      const readiness = readinessOf(sight);
      if (canonical(rollout.readiness[pool] ?? null) !== canonical(readiness))
        await this.accept({ signal: "health", pool, readiness });
    }
    await this.#pokeMembers(rollout);
    const { by } = this.#record.route;
    const proved = this.settled;
    if (by === null || proved.is === "pending") return;
    await this.accept(proved.is === "applied" ? { signal: "applied", by } : { signal: "refused", by, text: proved.text });
  }

  /** A rolling rollout waits for members, not for the pool. */
  async #pokeMembers({ rolling }: Rollout): Promise<void> {
    if (rolling === null) return;
    const sight = sightOf(this.#record.state, this.#settings, this.#record.sight, this.rollout)[rolling.pool];
    if (sight === undefined) return;
    // A spare that is still out is looked at, too: it is brought in once it is healthy.
    const drained = this.#record.state.drained[rolling.pool] ?? [];
    const health = memberHealths({ ...sight, drained });
    if (canonical(health) !== canonical(rolling.health)) await this.accept({ signal: "members", health });
  }

  /** Takes what a probe saw; only a change of mind is stored, and what a restart merely sees again is none. */
  async see(endpoint: Endpoint, probe: Probe, check: HealthCheck, at: Ms): Promise<void> {
    const seenNow = await this.#queue(async () => {
      const found = seen(this.#record.sight, endpoint, probe, check, { at, from: freshFrom(this.#record, endpoint) });
      if (found === null) return null;
      const next = this.#next({ sight: found.sight, facts: [] });
      const { turned } = found;
      const again = turned?.is === "ready" && this.#wereReady.has(endpoint);
      if (turned !== null) this.#wereReady.delete(endpoint);
      const known = turned === null || again || this.#saved.record.sight.health[endpoint]?.is === turned.is;
      if (turned !== null && (!known || next.route !== this.#record.route)) return { turned, isNews: !again };
      if (next.route === this.#record.route) this.#record = next;
      return turned === null ? null : "known";
    });
    if (seenNow === null) return;
    if (seenNow !== "known") {
      const { turned, isNews } = seenNow;
      const facts = isNews ? [healthFact(endpoint, turned.is, turned.reason)] : [];
      await this.edit(({ sight }) => ({ edit: { sight: { ...sight, health: { ...sight.health, [endpoint]: turned } }, facts } }));
    }
    await this.poke();
  }

  /** Takes what the resolver found. */
  async locate(member: Member, found: Found): Promise<void> {
    const { edit } = await this.edit(({ sight }) => {
      const next = located(sight, member, found);
      return { edit: next === null ? null : { sight: next, facts: [] } };
    });
    if (edit !== null) await this.poke();
  }

  /** Works with changed settings from now on; where the store refuses, with those of before. A rollout keeps its own. */
  async configure(settings: ServiceSettings): Promise<void> {
    const before = this.#settings;
    try {
      await this.edit(() => {
        this.#settings = settings;
        return { edit: { facts: [] } };
      });
    } catch (error) {
      this.#settings = before;
      throw error;
    }
    await this.poke();
  }

  /** Finds the addresses of the members of settings that are about to hold. */
  prepareFor(settings: ServiceSettings): Promise<void> {
    return this.prepare(Object.keys(settings.pools).flatMap((pool) => membersOf(this.#record.state, settings, pool)));
  }

  /** Finds the addresses of members that are about to be in, before nginx is told of them. */
  async prepare(members: readonly Member[]): Promise<void> {
    const found = await lookUp(members, this.#record.sight, this.#deps.resolve);
    await this.#queue(async () => {
      const { sight } = this.#record;
      this.#record = { ...this.#record, sight: { ...sight, addresses: { ...sight.addresses, ...found } } };
    });
  }

  [Symbol.dispose](): void {
    this.#cancelSave?.();
  }

  /** Waits until everything that came before is done. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  /** Nginx hears of an abort first; what the store cannot take is remembered in a file and saved later. */
  #abort(signal: Signal, check: (record: ServiceRecord) => void): Promise<Outcome> {
    return this.#queue(async () => {
      check(this.#record);
      const now = this.#deps.clock.now();
      const { edit, outcome } = applySignal(this.#record, signal, now);
      if (edit === null) return outcome;
      this.#adopt(this.#next(edit));
      if (!(await this.#saved.saveAbort(this.#record, edit.facts, now, this.#settings))) this.#saveLater();
      return outcome;
    });
  }

  #saveLater(): void {
    this.#cancelSave?.();
    this.#cancelSave = this.#deps.clock.after(SAVE_AGAIN_MS, () => {
      this.#cancelSave = null;
      const catchUp = () => this.#saved.catchUp(this.#record, this.#deps.clock.now(), this.#settings);
      this.#queue(catchUp).catch(() => this.#saveLater());
    });
  }

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

  #adopt(next: ServiceRecord): void {
    this.#record = next;
    this.#deps.changed(this);
  }
}

/** From when on probes of an endpoint count: a member that is being updated is seen anew. */
function freshFrom({ rollout, sight }: ServiceRecord, endpoint: Endpoint): Ms {
  const fresh = Object.entries(rollout?.rolling?.fresh ?? {});
  const times = fresh.flatMap(([member, from]) => (sight.addresses[member]?.endpoints.includes(endpoint) === true ? from : []));
  return Math.max(0, ...times);
}

/** A command that meets the end of its rollout is refused, never dropped; any other signal is late then. */
function applySignal(record: ServiceRecord, signal: Signal, now: Now): { edit: Edit | null; outcome: Outcome } {
  const { rollout } = record;
  if (rollout === null || isOver(rollout)) {
    const reason = rollout === null ? "there is no rollout" : `${rollout.id} is ${rollout.phase.phase}`;
    const done = signal.signal !== "command" || (signal.command.verb === "abort" && rollout?.phase.phase === "reverted");
    return { edit: null, outcome: done ? { is: "ignored" } : { is: "refused", code: "wrong-phase", reason, hint: null } };
  }
  const outcome = transition(rollout, signal, now);
  return { edit: outcome.is === "moved" ? { rollout: outcome.rollout, facts: outcome.facts } : null, outcome };
}

function healthFact(endpoint: Endpoint, is: string, reason: string | null): Fact {
  const text = is === "ready" ? `${endpoint} is ready` : `${endpoint} is ${is}: ${reason ?? "no reason known"}`;
  return { kind: is === "ready" ? "member-ready" : "member-down", step: null, actor: null, text, data: { endpoint, reason } };
}
