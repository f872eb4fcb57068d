import type { Actor, Control, Started, StartInput, UndoInput } from "../core/control.ts";
import { Refusal } from "../core/errors.ts";
import type { ExplanationView } from "../core/explained.ts";
import type { Assumed, PlanView } from "../core/planned.ts";
import type { Command, Rollout } from "../core/rollout.ts";
import type { ServiceSettings } from "../core/service.ts";
import { showTraffic, type TrafficView } from "../core/traffic.ts";
import { type Member, type Ms, type PoolName, type ServiceName, WHOLE } from "../core/units.ts";
import type { EventView, RevisionView, RolloutView, ServiceView } from "../core/view.ts";
import type { Cell } from "./cell.ts";
import { followEvents, latestEvents, listEvents } from "./events.ts";
import { explain } from "./explaining.ts";
import { revisionsOf, showRevision } from "./history.ts";
import type { Recorder } from "./journal.ts";
import { memberOut, membersSet } from "./members.ts";
import { Notifying } from "./notifying.ts";
import { planStart } from "./planning.ts";
import { isOver } from "./record.ts";
import { type ControllerDeps, Services } from "./services.ts";
import { showRollout, showService } from "./show.ts";
import { checkMatch, type StartDeps, startRollout } from "./starting.ts";
import { storedRollout } from "./stored-rollout.ts";
import { startUndo } from "./undoing.ts";

type Found = { readonly rollout: Rollout; readonly shown: RolloutView };

/** What the API and the CLI talk to: reads records, and turns calls into signals. */
export class Controller implements Control, AsyncDisposable {
  readonly #services: Services;
  readonly #deps: ControllerDeps;
  readonly #notifying: Notifying | null;

  private constructor(services: Services, deps: ControllerDeps) {
    this.#services = services;
    this.#deps = deps;
    this.#notifying = deps.notify === undefined || deps.drives === false ? null : new Notifying({ ...deps, ...deps.notify });
    this.#notifying?.start();
  }

  static async open(deps: ControllerDeps): Promise<Controller> {
    return new Controller(await Services.open(deps), deps);
  }

  names(): readonly ServiceName[] {
    return this.#services.all.map(({ settings }) => settings.name);
  }

  async services(): Promise<readonly ServiceView[]> {
    return this.#services.all.map((cell) => this.#show(cell));
  }

  async service(name: ServiceName): Promise<ServiceView> {
    return this.#show(this.#services.cell(name));
  }

  #show(cell: Cell): ServiceView {
    const { clock, observer } = this.#deps;
    return showService(cell, this.#services.reports, observer?.observed(cell.settings.name) ?? null, clock.now());
  }

  async rollouts(name: ServiceName, page: { limit: number; before: string | null }): Promise<readonly RolloutView[]> {
    const { state } = this.#services.cell(name).record;
    const from = page.before === null ? state.count : Number(page.before.slice(name.length + 1)) - 1;
    if (!Number.isInteger(from)) throw new Refusal("unknown-rollout", `${page.before} is no rollout of ${name}`);
    const numbers = Array.from({ length: Math.min(page.limit, Math.max(0, from)) }, (_, index) => from - index);
    const found = await Promise.all(numbers.map((number) => this.#found(`${name}-${number}`)));
    // The older ones may no longer be kept.
    return found.flatMap((one) => one?.shown ?? []);
  }

  async rollout(id: string): Promise<RolloutView> {
    return (await this.#find(id)).shown;
  }

  async explanation(id: string): Promise<ExplanationView> {
    const { rollout, shown } = await this.#find(id);
    return explain(this.#deps.store, rollout, shown, this.#deps.clock.now());
  }

  async #find(id: string): Promise<Found> {
    const found = await this.#found(id);
    if (found === null)
      throw new Refusal(
        "unknown-rollout",
        `there is no rollout ${id}, or it is no longer kept`,
        "list them: sluice history SERVICE",
      );
    return found;
  }

  /** Null for one that never was, or is no longer kept. */
  async #found(id: string): Promise<Found | null> {
    const now = this.#deps.clock.now();
    const cell = this.#services.all.find((one) => one.record.rollout?.id === id);
    const newest = cell?.record.rollout ?? null;
    if (cell !== undefined && newest !== null) return { rollout: newest, shown: showRollout(newest, cell.awaited, now) };
    const entry = await this.#deps.store.get(`rollouts/${id}`);
    if (entry === null) return null;
    const rollout = storedRollout(entry.value);
    return { rollout, shown: showRollout(rollout, null, now) };
  }

  async start(name: ServiceName, input: StartInput, actor: Actor, ifMatch: string | null): Promise<Started> {
    const cell = this.#services.cell(name);
    const is = await startRollout(this.#startDeps(), cell, input, actor, ifMatch);
    const service = this.#show(cell);
    return is === "started" && service.rollout !== null ? { is, rollout: service.rollout } : { is: "already-stable", service };
  }

  async revisions(name: ServiceName, page: { limit: number; before: number | null }): Promise<readonly RevisionView[]> {
    const { settings } = this.#services.cell(name);
    return (await revisionsOf(this.#deps.store, settings.name, page)).map(showRevision);
  }

  async undo(name: ServiceName, input: UndoInput, actor: Actor, ifMatch: string | null): Promise<RolloutView> {
    const cell = this.#services.cell(name);
    await startUndo(this.#startDeps(), this.#deps.store, this.#deps.probe, cell, input, actor, ifMatch);
    const { rollout } = cell.record;
    if (rollout === null) throw new Error(`${name} has no rollout after an undo began`);
    return showRollout(rollout, cell.awaited, this.#deps.clock.now());
  }

  #startDeps(): StartDeps {
    const { clock, aborts } = this.#deps;
    return {
      clock,
      prepareAbort: (id) => aborts.prepareAbort(id),
      poke: (one) => this.#services.poke(one),
      nextChange: (one) => this.#services.nextChange(one.settings.name),
    };
  }

  async plan(name: ServiceName, input: StartInput, assumed: Assumed): Promise<PlanView> {
    const cell = this.#services.cell(name);
    const wanted = (target: string) => this.#services.wanted(target);
    return planStart(this.#deps, cell, input, assumed, wanted, this.#deps.clock.now());
  }

  async command(
    name: ServiceName,
    command: Command,
    actor: Actor,
    options: { ifMatch: string | null; reason: string | null },
  ): Promise<RolloutView> {
    const cell = this.#services.cell(name);
    checkMatch(cell.record, options.ifMatch);
    const { rollout } = cell.record;
    if (rollout === null || (isOver(rollout) && command.verb !== "abort" && command.verb !== "retry"))
      throw new Refusal(
        "no-rollout",
        `no rollout of ${name} is under way`,
        `start one: sluice start ${name}, or sluice switch ${name}`,
      );
    if (isOver(rollout)) return this.#afterwards(cell, rollout, command, actor, options);
    const signal = { signal: "command", command, actor: actor.name, reason: options.reason } as const;
    const outcome = await cell.accept(signal, (record) => checkMatch(record, options.ifMatch));
    if (outcome.is === "refused") throw new Refusal(outcome.code, outcome.reason, outcome.hint);
    await this.#services.poke(cell);
    const told = outcome.is === "moved" ? outcome.rollout : rollout;
    const newest = cell.record.rollout?.id === told.id ? cell.record.rollout : told;
    return showRollout(newest, cell.awaited, this.#deps.clock.now());
  }

  /** A reverted rollout has nothing left to abort, and is retried as a new one; a promoted one has neither. */
  async #afterwards(
    cell: Cell,
    rollout: Rollout,
    command: Command,
    actor: Actor,
    options: { ifMatch: string | null; reason: string | null },
  ): Promise<RolloutView> {
    const now = this.#deps.clock.now();
    const name = cell.settings.name;
    if (rollout.phase.phase !== "reverted")
      throw new Refusal(
        "no-rollout",
        `${rollout.id} is promoted: there is nothing to ${command.verb}`,
        `to go back: sluice switch ${name} ${rollout.from}`,
      );
    if (command.verb !== "retry") return showRollout(rollout, cell.awaited, now);
    const { strategy, to, version, steps } = rollout;
    const again = await this.start(
      name,
      { strategy, to, version, steps, replace: false, reason: options.reason ?? `retry of ${rollout.id}` },
      actor,
      null,
    );
    if (again.is === "already-stable") throw new Refusal("already-stable", `${to} is stable already`);
    return again.rollout;
  }

  async setMembers(
    name: ServiceName,
    pool: PoolName,
    members: readonly Member[] | null,
    actor: Actor,
    ifMatch: string | null = null,
  ): Promise<ServiceView> {
    const cell = this.#services.cell(name);
    await membersSet(cell, pool, members, actor, ifMatch);
    await this.#services.poke(cell);
    return this.service(name);
  }

  async setMember(
    name: ServiceName,
    pool: PoolName,
    member: Member,
    state: "draining" | "ready",
    actor: Actor,
    ifMatch: string | null = null,
  ): Promise<ServiceView> {
    const cell = this.#services.cell(name);
    await memberOut(cell, pool, member, state, actor, ifMatch);
    await this.#services.poke(cell);
    return this.service(name);
  }

  events(
    filter: { service: ServiceName | null; rollout: string | null },
    page: { after: number; limit: number },
  ): Promise<readonly EventView[]> {
    return listEvents(this.#deps.store, filter, page);
  }

  async traffic(name: ServiceName, { everyMs, from }: { everyMs: Ms; from: Ms }): Promise<TrafficView> {
    const { settings, record } = this.#services.cell(name);
    const found = this.#deps.observer?.series(settings.name, everyMs, from) ?? null;
    return showTraffic(found, record.route.shape.log?.sample ?? WHOLE);
  }

  async latest(filter: { service: ServiceName | null }, limit: number) {
    return latestEvents(this.#deps.store, filter, limit);
  }

  follow(filter: { service: ServiceName | null }, after: number, signal: AbortSignal): AsyncIterable<EventView> {
    return followEvents(this.#deps.store, filter, after, signal);
  }

  /** Writes what is about no service together with its line in the journal. False where something else is stored than was compared. */
  readonly record: Recorder = (compares, writes, fact) =>
    this.#services.journal.record(compares, writes, fact, this.#deps.clock.now());

  readiness(): { readonly ready: boolean; readonly problems: readonly string[] } {
    return this.#services.readiness();
  }

  /** Works with changed settings from now on, all or nothing; `check` rejects where they may not change now. */
  reconfigure(services: Readonly<Record<ServiceName, ServiceSettings>>, check: () => Promise<void>): Promise<void> {
    return this.#services.reconfigure(services, check);
  }

  /** Resolves when a service's rollout, route or report changes next. */
  nextChange(name: ServiceName): Promise<void> {
    return this.#services.nextChange(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#notifying?.[Symbol.dispose]();
    await this.#services[Symbol.asyncDispose]();
  }
}
