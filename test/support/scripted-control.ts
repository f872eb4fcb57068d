import type { Actor, Control, Started, StartInput, UndoInput } from "../../src/core/control.ts";
import { Refusal } from "../../src/core/errors.ts";
import type { ExplanationView } from "../../src/core/explained.ts";
import type { Assumed, PlanView } from "../../src/core/planned.ts";
import type { Command, Verb } from "../../src/core/rollout.ts";
import type { TrafficView } from "../../src/core/traffic.ts";
import type { Member } from "../../src/core/units.ts";
import type { EventView, RevisionView, RolloutView, ServiceView } from "../../src/core/view.ts";
import { planView } from "./plans.ts";
import { eventView, explanationView } from "./views.ts";

/** What a command does to a service: the service afterwards, or a thrown refusal. */
export type Reaction = (service: ServiceView, call: Call) => ServiceView;

/** Everything that was asked of the control, in order. */
export type Call = {
  readonly verb: Verb | "start" | "undo" | "setMembers" | "setMember";
  readonly service: string;
  readonly input: unknown;
  readonly actor: string;
};

/**
 * A controller without nginx or a clock: its services are what a test last put there, and commands do what the test says.
 *
 * It is for tests of what stands before a controller, the API's and the CLI's.
 */
export class ScriptedControl implements Control {
  readonly calls: Call[] = [];
  /** What `plan` answers for a service, and what it was asked. */
  readonly plans = new Map<string, PlanView>();
  readonly planned: { readonly input: StartInput; readonly assumed: Assumed }[] = [];
  /** What is answered about a rollout; the one of `explanationView` where nothing was put here. */
  readonly explanations = new Map<string, ExplanationView>();
  /** The history of every service, newest first. */
  history: readonly RevisionView[] = [];
  readonly reactions: Partial<Record<Call["verb"], Reaction>> = {};
  readonly #services = new Map<string, ServiceView>();
  readonly #rollouts = new Map<string, RolloutView>();
  readonly #events: EventView[] = [];
  #ring: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(...services: readonly ServiceView[]) {
    for (const service of services) this.put(service);
  }

  put(service: ServiceView): void {
    this.#services.set(service.name, service);
    if (service.rollout !== null) this.#rollouts.set(service.rollout.id, service.rollout);
  }

  /** The rollout moved: the service shows it, and the journal has a line. */
  move(rollout: RolloutView, event: Partial<EventView> = {}): void {
    const service = this.#known(rollout.service);
    this.put({ ...service, rollout });
    this.happen({
      service: rollout.service,
      rollout: rollout.id,
      step: rollout.step,
      kind: rollout.phase,
      text: rollout.reason,
      ...event,
    });
  }

  happen(event: Partial<EventView>): void {
    this.#events.push(eventView(this.#events.length + 1, event));
    this.#ring.resolve();
    this.#ring = Promise.withResolvers();
  }

  names(): readonly string[] {
    return [...this.#services.keys()];
  }

  async services(): Promise<readonly ServiceView[]> {
    return [...this.#services.values()];
  }

  async service(name: string): Promise<ServiceView> {
    return this.#known(name);
  }

  async rollouts(name: string): Promise<readonly RolloutView[]> {
    return [...this.#rollouts.values()].filter((rollout) => rollout.service === name).reverse();
  }

  async rollout(id: string): Promise<RolloutView> {
    const rollout = this.#rollouts.get(id);
    if (rollout === undefined) throw new Refusal("unknown-rollout", `there is no rollout "${id}"`);
    return rollout;
  }

  async explanation(id: string): Promise<ExplanationView> {
    return this.explanations.get(id) ?? explanationView(await this.rollout(id));
  }

  async start(name: string, input: StartInput, actor: Actor): Promise<Started> {
    if (input.to !== null && this.#known(name).pools[input.to] === undefined) {
      throw new Refusal("unknown-pool", `${name} has no pool "${input.to}"`);
    }
    const service = this.#react({ verb: "start", service: name, input, actor: actor.name });
    return service.rollout === null ? { is: "already-stable", service } : { is: "started", rollout: service.rollout };
  }

  async revisions(name: string, page: { limit: number; before: number | null }): Promise<readonly RevisionView[]> {
    this.#known(name);
    return this.history.filter(({ number }) => page.before === null || number < page.before).slice(0, page.limit);
  }

  async undo(name: string, input: UndoInput, actor: Actor): Promise<RolloutView> {
    const { rollout } = this.#react({ verb: "undo", service: name, input, actor: actor.name });
    if (rollout === null) throw new Refusal("nothing-to-undo", `nothing of ${name} has become stable that could be undone`);
    return rollout;
  }

  async plan(name: string, input: StartInput, assumed: Assumed): Promise<PlanView> {
    this.#known(name);
    this.planned.push({ input, assumed });
    return this.plans.get(name) ?? planView({ service: name });
  }

  async command(name: string, command: Command, actor: Actor, options: { reason: string | null }): Promise<RolloutView> {
    const { rollout } = this.#react({ verb: command.verb, service: name, input: { ...command, ...options }, actor: actor.name });
    if (rollout === null) throw new Refusal("no-rollout", `${name} has no rollout under way`);
    return rollout;
  }

  async setMembers(name: string, pool: string, members: readonly Member[] | null, actor: Actor): Promise<ServiceView> {
    return this.#react({ verb: "setMembers", service: name, input: { pool, members }, actor: actor.name });
  }

  async setMember(name: string, pool: string, member: Member, state: "draining" | "ready", actor: Actor): Promise<ServiceView> {
    return this.#react({ verb: "setMember", service: name, input: { pool, member, state }, actor: actor.name });
  }

  async events(
    filter: { service: string | null; rollout: string | null },
    page: { after: number; limit: number },
  ): Promise<readonly EventView[]> {
    const matches = (event: EventView) =>
      (filter.service === null || event.service === filter.service) &&
      (filter.rollout === null || event.rollout === filter.rollout);
    return this.#events.filter((event) => event.seq > page.after && matches(event)).slice(0, page.limit);
  }

  async traffic(name: string): Promise<TrafficView> {
    this.#known(name);
    return { series: null };
  }

  async latest({ service }: { service: string | null }, limit: number) {
    const events = this.#events.filter((event) => service === null || event.service === service).slice(-limit);
    return { events, newest: this.#events.length };
  }

  async *follow(filter: { service: string | null }, after: number, signal: AbortSignal): AsyncIterable<EventView> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (let last = after; !signal.aborted; ) {
      const rung = this.#ring.promise;
      const found = await this.events({ ...filter, rollout: null }, { after: last, limit: 500 });
      for (const event of found) yield event;
      last = found.at(-1)?.seq ?? last;
      if (found.length === 0) await Promise.race([rung, aborted]);
    }
  }

  readiness(): { readonly ready: boolean; readonly problems: readonly string[] } {
    return { ready: true, problems: [] };
  }

  #known(name: string): ServiceView {
    const service = this.#services.get(name);
    if (service === undefined) throw new Refusal("unknown-service", `there is no service "${name}"`);
    return service;
  }

  #react(call: Call): ServiceView {
    const service = this.#known(call.service);
    this.calls.push(call);
    const next = this.reactions[call.verb]?.(service, call) ?? service;
    this.put(next);
    return next;
  }
}
