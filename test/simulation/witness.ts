import type { Write } from "../../src/core/ports.ts";
import type { Rollout } from "../../src/core/rollout.ts";
import type { Route } from "../../src/core/route.ts";
import { type Ms, type ServiceName, type TargetName, WHOLE } from "../../src/core/units.ts";
import type { EventView } from "../../src/core/view.ts";
import { canonical } from "../../src/core/want.ts";
import type { Disk } from "./disk.ts";
import type { Nginx } from "./edge.ts";
import { Spent } from "./spent.ts";
import { checkLeft, checkStage, checkTurn, isOver } from "./story.ts";

type State = {
  readonly stable: string;
  readonly rollout: string | null;
  readonly drained: Readonly<Record<string, readonly string[]>>;
};
type Sight = { readonly health: Readonly<Record<string, { readonly is: string }>> };

/** What the witness needs to know of the world. */
export type Seen = {
  readonly disk: Disk;
  readonly nginxes: Readonly<Record<TargetName, Nginx>>;
  now(): Ms;
  targetsOf(service: ServiceName): readonly TargetName[];
  /** Whether the process of now has read the metrics of a service. */
  hasRead(service: ServiceName): boolean;
};

/**
 * Looks at each transaction in the moment in which it is written, and at each route in the moment in which nginx takes it, and keeps
 * the whole journal. What it finds wrong is kept too: whatever throws in a transaction is taken for the store's own fault.
 */
export class Witness {
  readonly #world: Seen;
  readonly journal: EventView[] = [];
  /** The journal of each rollout. */
  readonly stories = new Map<string, EventView[]>();
  readonly #rollouts = new Map<string, Rollout>();
  readonly #health = new Map<string, string>();
  readonly #spent = new Map<string, Spent>();
  /** What each rollout was to do when it began. */
  readonly #plans = new Map<string, string>();
  broken: string | null = null;

  constructor(world: Seen) {
    this.#world = world;
    world.disk.written = (writes) => this.#guard(() => this.#written(writes));
    for (const nginx of Object.values(world.nginxes)) nginx.took = (route) => this.#guard(() => this.#took(route));
  }

  /** The newest value of every rollout that ever was, also of those that are no longer kept. */
  get rollouts(): readonly Rollout[] {
    return [...this.#rollouts.values()];
  }

  story(rollout: string): readonly EventView[] {
    return this.stories.get(rollout) ?? [];
  }

  #guard(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.broken ??= error instanceof Error ? error.message : String(error);
    }
  }

  #written(writes: readonly Write[]): void {
    const puts = writes.flatMap((write) => ("put" in write ? [write.put] : []));
    const lines = puts.filter((key) => key.startsWith("journal/")).map((key) => this.#line(key));
    const touched = new Set<ServiceName>();
    for (const key of puts) {
      const [family = "", name = ""] = key.split("/");
      if (["services", "routes", "active", "health"].includes(family)) touched.add(name);
      if (family === "rollouts") touched.add(this.#rollout(name, lines));
    }
    for (const service of touched) this.#service(service);
    if (writes.some((write) => "delete" in write)) this.#kept();
  }

  /** The journal's numbers have no gap and no double. */
  #line(key: string): EventView {
    const event = this.#world.disk.value<EventView>(key) as EventView;
    const last = this.journal.at(-1)?.seq ?? 0;
    demand(event.seq === last + 1, `the journal goes on with ${event.seq} after ${last}`);
    this.journal.push(event);
    const story = this.stories.get(event.rollout ?? "") ?? [];
    this.stories.set(event.rollout ?? "", story);
    story.push(event);
    const { endpoint } = event.data;
    if (event.kind.startsWith("member-")) this.#health.set(`${event.service} ${endpoint}`, event.kind.slice("member-".length));
    return event;
  }

  #rollout(id: string, lines: readonly EventView[]): ServiceName {
    const { disk } = this.#world;
    const rollout = disk.value<Rollout>(`rollouts/${id}`) as Rollout;
    const before = this.#rollouts.get(id) ?? null;
    this.#rollouts.set(id, rollout);
    const own = lines.filter((line) => line.rollout === id);
    this.#frozen(rollout);
    checkTurn(rollout, this.story(id));
    checkStage(rollout, this.story(id));
    if (before !== null && checkLeft(before, rollout, own))
      demand(this.#world.hasRead(rollout.service), `${id} went on by what an earlier process had read`);
    const spent = this.#spent.get(id) ?? new Spent();
    this.#spent.set(id, spent);
    spent.next(rollout, own, this.#world.now());
    const proved = rollout.appliedSeq === rollout.seq && before?.appliedSeq !== before?.seq;
    if (proved || (isOver(rollout) && before !== null && !isOver(before))) this.#everywhere(rollout);
    return rollout.service;
  }

  /** As long as a rollout goes forward, also after it had failed on its way back, it does what it was to do. */
  #frozen({ id, phase, plan }: Rollout): void {
    const now = plan.map(({ label }) => label).join();
    const first = this.#plans.get(id) ?? now;
    this.#plans.set(id, first);
    demand(now === first || (phase.phase !== "moving" && phase.phase !== "paused"), `${id} goes on with another plan`);
  }

  /** What counts as applied is served by every target; what has ended has all of its traffic on one pool. */
  #everywhere(rollout: Rollout): void {
    const stable = rollout.phase.phase === "promoted" ? rollout.to : rollout.from;
    for (const name of this.#world.targetsOf(rollout.service)) {
      const served = this.#world.nginxes[name]?.serves.get(rollout.service);
      if (served === undefined && rollout.seq === 1) continue;
      // An abort that the store has not taken yet is ahead of it.
      const ahead = served?.urgent === true && served.shares[served.base] === WHOLE;
      if (rollout.seq > 1)
        demand(
          ahead || canonical(served?.by) === canonical({ rollout: rollout.id, seq: rollout.seq }),
          `${rollout.id}.${rollout.seq} counts as applied, and ${name} serves ${canonical(served?.by)}`,
        );
      if (isOver(rollout))
        demand(
          served?.shares[stable] === WHOLE,
          `${rollout.id} is ${rollout.phase.phase}, and ${name} serves ${canonical(served?.shares)}`,
        );
    }
  }

  /** One service as it is stored: its slot, its rollout, its route and what is known of its members agree. */
  #service(service: ServiceName): void {
    const { disk } = this.#world;
    const state = disk.value<State>(`services/${service}`);
    const route = disk.value<Route>(`routes/${service}`);
    if (state === null || route === null) return;
    const rollout = state.rollout === null ? null : disk.value<Rollout>(`rollouts/${state.rollout}`);
    demand(state.rollout === null || rollout !== null, `${service}: the newest rollout ${state.rollout} is gone`);
    const running = rollout !== null && !isOver(rollout) ? rollout : null;
    const open = this.rollouts.filter((one) => one.service === service && !isOver(one));
    demand(open.length <= 1, `${open.length} rollouts of ${service} are under way at once`);
    const slot = disk.value<{ rollout: string }>(`active/${service}`);
    demand((slot?.rollout ?? null) === (running?.id ?? null), `the slot of ${service} has ${slot?.rollout}, not ${running?.id}`);
    const by = running === null ? route.by : { rollout: running.id, seq: running.seq };
    demand(
      canonical(route.by) === canonical(by),
      `the stored route is of ${canonical(route.by)}, the rollout wants ${canonical(by)}`,
    );
    const shares = running === null ? { [state.stable]: WHOLE } : running.want.shares;
    demand(
      canonical(route.shares) === canonical(shares),
      `${service}: the stored route is not what is wanted: ${canonical(route.shares)}`,
    );
    demand(sumOf(route) === WHOLE, `${service}: shares sum to ${sumOf(route)}`);
    const back = running?.phase.phase === "reverting" || running?.phase.phase === "failed";
    demand(route.urgent === back, `${service} is ${running?.phase.phase}, and its route is ${route.urgent ? "" : "not "}urgent`);
    for (const [pool, members] of Object.entries(state.drained))
      for (const member of members)
        demand((route.endpoints[pool]?.[member] ?? "draining") === "draining", `${service}: ${member} was taken out, and is in`);
    for (const [endpoint, { is }] of Object.entries(disk.value<Sight>(`health/${service}`)?.health ?? {})) {
      const told = this.#health.get(`${service} ${endpoint}`);
      demand(is === "unknown" || is === told, `${endpoint} of ${service} is stored as ${is}, and the journal says ${told}`);
    }
  }

  /** nginx never serves a want that is not stored, but for a way back that the store has not taken yet. */
  #took(route: Route): void {
    demand(sumOf(route) === WHOLE, `${route.service}: shares of ${sumOf(route)} are served`);
    const stored = this.#world.disk.value<Route>(`routes/${route.service}`);
    const back = route.shares[route.base] === WHOLE;
    demand(stored !== null || back, `${route.service} serves ${canonical(route.shares)}, and nothing is stored`);
    if (stored === null || stored.version > route.version || (route.urgent && back)) return;
    demand(
      canonical(stored.by) === canonical(route.by) && canonical(stored.shares) === canonical(route.shares),
      `${route.service} serves ${canonical(route.by)} ${canonical(route.shares)}, stored is ${canonical(stored.by)}`,
    );
  }

  /** What is left of the journal is its newest part, whole. */
  #kept(): void {
    const seqs = this.#world.disk.below<EventView>("journal/").map((event) => event.seq);
    const last = this.journal.at(-1)?.seq ?? 0;
    demand(seqs.length === 0 || (seqs.at(-1) === last && seqs.length === last - (seqs[0] ?? 0) + 1), "the journal has a gap");
    demand(last === 0 || seqs.length > 0, "nothing is left of the journal");
  }
}

export function demand(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}

function sumOf({ shares }: Route): number {
  return Object.values(shares).reduce((a, b) => a + b, 0);
}
