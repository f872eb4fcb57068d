import type { Clock } from "../../src/controller/clock.ts";
import { Controller } from "../../src/controller/controller.ts";
import type { CountingSource, Probe } from "../../src/core/ports.ts";
import type { ServiceSettings } from "../../src/core/service.ts";
import type { Endpoint, Ms, PoolName, ServiceName, TargetName } from "../../src/core/units.ts";
import { Disk, DiskStore, diskAborts } from "./disk.ts";
import { EdgeTarget, Nginx } from "./edge.ts";
import { Errands, someHooks } from "./errands.ts";
import { simulatedMetrics } from "./metrics.ts";
import { People } from "./people.ts";
import { Random } from "./random.ts";
import { type Configured, refuse } from "./reload.ts";
import { changed, membersOf, settingsOf } from "./settings.ts";
import { quiet, SILENT, Timeline } from "./timeline.ts";
import { Witness } from "./witness.ts";

const NAMES: readonly ServiceName[] = ["web", "shop", "search"];
const TARGETS: readonly TargetName[] = ["east", "west"];

/** A process of the controller: dead once it crashed, and nothing that it does then counts. */
type Process = {
  alive: boolean;
  controller: Controller | null;
  readonly since: Ms;
  /** The services whose metrics it has read. */
  readonly read: Set<ServiceName>;
};

/** The true error ratio of a service's candidate, since when. */
export type Erring = { readonly since: Ms; readonly ratio: number };

/** Everything around the controller, made from one seed: members, metrics, disk, nginxes, people, and what goes wrong. */
export class World {
  readonly timeline = new Timeline();
  readonly disk = new Disk();
  readonly nginxes: Readonly<Record<TargetName, Nginx>> = Object.fromEntries(TARGETS.map((name) => [name, new Nginx()]));
  readonly witness: Witness;
  readonly random: Random;
  /** What the configuration file says. */
  configured: Configured;
  /** When each endpoint went down; an endpoint that is not here is up. */
  readonly downSince = new Map<Endpoint, Ms>();
  /** When each service's members were last others, or one of them came back. */
  readonly touchedAt = new Map<ServiceName, Ms>();
  /** Rollouts whose abort was accepted, and when. */
  readonly aborted = new Map<string, Ms>();
  /** The latest time at which the store refused. */
  refusedAt: Ms;
  /** The latest time at which each nginx refused. */
  readonly balkedAt = new Map<TargetName, Ms>();
  /** The latest time at which a metrics page could not be read, or is slow: as long as it is, that lies ahead. */
  blindAt: Ms;
  crashes = 0;
  reloads = 0;
  process: Process;
  /** By service, the newest last. */
  readonly erring = new Map<ServiceName, Erring[]>();
  readonly #people: People;
  readonly #errands: Errands;
  /** How often people do something. */
  readonly #busy: number;
  /** How much goes wrong: in a calm run things have the time to go on while one thing is wrong. */
  readonly #rough: number;
  #sight: "good" | "broken" | "slow" = "good";
  #healed = false;
  /** The process that takes a configuration over now; one at a time. */
  #reloading: Process | null = null;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.#errands = new Errands(this.random, () => (this.#healed ? 0 : 0.1));
    this.#busy = this.random.pick([0.1, 0.2, 0.4]);
    this.#rough = this.random.pick([0.3, 1]);
    const names = NAMES.slice(0, this.random.between(1, NAMES.length));
    this.configured = Object.fromEntries(names.map((name) => [name, this.#fresh(name)]));
    const start = this.timeline.t;
    this.process = { alive: false, controller: null, since: start, read: new Set() };
    this.refusedAt = start;
    this.blindAt = start;
    this.disk.fault = () => this.#maybeCrash();
    for (const nginx of Object.values(this.nginxes)) nginx.paceMs = this.random.pick([0, 0, 4_000]);
    this.witness = new Witness({
      disk: this.disk,
      nginxes: this.nginxes,
      now: () => this.timeline.t,
      targetsOf: (service) => this.configured[service]?.targets ?? [],
      hasRead: (service) => this.process.read.has(service),
    });
    this.#people = new People(this.random, {
      aborted: (rollout) => void (this.aborted.has(rollout) || this.aborted.set(rollout, this.timeline.t)),
      touched: (service) => this.touchedAt.set(service, this.timeline.t),
    });
  }

  /** The pool that is stable, as it is stored. */
  stableOf(service: ServiceName): PoolName {
    return this.disk.value<{ stable: PoolName }>(`services/${service}`)?.stable ?? "blue";
  }

  /** Starts a controller on what the disk and the configuration hold. */
  async boot(): Promise<void> {
    const process: Process = { alive: true, controller: null, since: this.timeline.t, read: new Set() };
    this.process = process;
    const alive = () => process.alive;
    const clock = this.timeline.clock(process);
    const opening = Controller.open({
      hooks: this.#errands.hooks(clock, alive),
      services: this.configured,
      store: new DiskStore(this.disk, alive, () => this.#late(clock)),
      aborts: diskAborts(this.disk, alive),
      clock,
      clockState: () => ({ boot: "sim", offset: 0, seen: 0 }),
      targets: TARGETS.map((name) => this.#target(name, clock, alive)),
      probe: async (_check, endpoint) => this.#probe(endpoint),
      resolve: async (member) => [member],
      resolveEveryMs: 60_000,
      metrics: this.#metrics(clock, process),
      log: SILENT,
      history: { events: 60, rollouts: 1 },
      epoch: String(this.timeline.t),
    });
    opening.then(
      (controller) => {
        process.controller = controller;
      },
      () => this.#kill(),
    );
    await quiet();
  }

  /** Goes on to the next thing that happens; a crashed controller is started again. */
  async step(until: Ms): Promise<boolean> {
    if (!this.process.alive) await this.boot();
    const now = this.timeline.t;
    if (this.disk.refusing) this.refusedAt = now;
    if (this.#sight !== "good") this.blindAt = Math.max(this.blindAt, now);
    for (const [name, nginx] of Object.entries(this.nginxes)) if (nginx.refuses !== null) this.balkedAt.set(name, now);
    return this.timeline.step(until);
  }

  /** Something happens to the world: members die and come back, metrics go bad, disk and nginx refuse, people act. */
  upset(): void {
    const { random } = this;
    const now = (chance: number) => random.chance(chance * this.#rough);
    const service = random.pick(Object.keys(this.configured));
    const number = NAMES.indexOf(service);
    const candidate = this.stableOf(service) === "blue" ? "green" : "blue";
    if (now(0.15)) this.#flap(service, random.pick([...membersOf(number, "blue"), ...membersOf(number, "green")]));
    if (now(0.06)) for (const one of membersOf(number, candidate, 3)) this.downSince.set(one, this.timeline.t);
    if (random.chance(0.1)) this.#err(service, random.pick([0, 0, 0.01, 0.1, 0.1]));
    if (now(0.1)) this.#sight = random.pick(["good", "good", "broken", "slow"]);
    if (now(0.05)) this.disk.refusing = !this.disk.refusing;
    if (now(0.06)) this.#balk(random.pick(Object.values(this.nginxes)));
    if (random.chance(0.04)) this.#reload(this.#edited());
    for (const name of Object.keys(this.configured)) if (random.chance(this.#busy)) this.#person(name);
  }

  /** True while a changed configuration is being taken over. */
  get reloading(): boolean {
    return this.#reloading === this.process;
  }

  /** Ends all that goes wrong. */
  heal(): void {
    this.downSince.clear();
    this.#sight = "good";
    this.disk.refusing = false;
    for (const nginx of Object.values(this.nginxes)) nginx.refuses = null;
    this.#healed = true;
    for (const name of NAMES) this.#err(name, 0);
    if (this.random.chance(0.3)) this.#kill();
  }

  /** What people do in the end: they put back every service that there ever was, and end what waits for them. */
  finish(): void {
    const { controller } = this.process;
    if (controller === null) return;
    const lost = NAMES.filter((name) => this.disk.value(`services/${name}`) !== null && !(name in this.configured));
    if (lost.length > 0)
      this.#reload({ ...this.configured, ...Object.fromEntries(lost.map((name) => [name, this.#fresh(name)])) });
    for (const name of Object.keys(this.configured)) this.#people.finish(controller, name, NAMES.indexOf(name));
  }

  #person(service: ServiceName): void {
    const { controller, alive } = this.process;
    if (controller !== null && alive) this.#people.act(controller, service, NAMES.indexOf(service));
  }

  // --- the configuration ---------------------------------------------------------------------------------------------

  #fresh(name: ServiceName): ServiceSettings {
    const targets = this.random.pick([TARGETS, TARGETS, TARGETS.slice(0, 1)]);
    return { ...settingsOf(this.random, name, NAMES.indexOf(name), targets), hooks: someHooks(this.random) };
  }

  /** The file as somebody changes it: one service differs, is new, or is gone. */
  #edited(): Configured {
    const name = this.random.pick(NAMES);
    const { [name]: known, ...others } = this.configured;
    if (known === undefined) return { ...this.configured, [name]: this.#fresh(name) };
    if (this.random.chance(0.2) && Object.keys(others).length > 0) return others;
    return { ...this.configured, [name]: changed(known, NAMES.indexOf(name), this.random, TARGETS) };
  }

  /** Takes the file over as `sluice reload` does; where it is refused, the file is put back. */
  #reload(next: Configured): void {
    const { process, configured: before } = this;
    const { controller } = process;
    if (controller === null || !process.alive || this.#reloading === process) return;
    this.#reloading = process;
    const touch = () => {
      for (const name of NAMES) this.touchedAt.set(name, this.timeline.t);
    };
    const done = () => {
      this.#reloading = null;
      touch();
    };
    const check = () => refuse(controller, before, next);
    this.configured = next;
    touch();
    const reloading = check().then(() => controller.reconfigure(next, check));
    reloading.then(
      () => {
        this.reloads += 1;
        done();
      },
      () => {
        if (process.alive && this.configured === next) this.configured = before;
        done();
      },
    );
  }

  // --- members, metrics, nginxes -------------------------------------------------------------------------------------

  #err(service: ServiceName, ratio: number): void {
    this.erring.set(service, [...(this.erring.get(service) ?? []), { since: this.timeline.t, ratio }]);
  }

  #flap(service: ServiceName, endpoint: Endpoint): void {
    if (this.downSince.delete(endpoint)) this.touchedAt.set(service, this.timeline.t);
    else this.downSince.set(endpoint, this.timeline.t);
  }

  #probe(endpoint: Endpoint): Probe {
    return this.downSince.has(endpoint) ? { healthy: false, reason: "refused the connection" } : { healthy: true };
  }

  #metrics(clock: Clock, process: Process): CountingSource {
    const readable = () => this.#sight !== "broken";
    const source = (service: ServiceName) =>
      simulatedMetrics(
        (pool) => (pool === this.stableOf(service) ? 0 : (this.erring.get(service)?.at(-1)?.ratio ?? 0)),
        readable,
      );
    const any = source("web");
    return {
      ...any,
      sample: async (metric, subject, before, now) => {
        const found = await source(subject.service).sample(metric, subject, before, now);
        const ms = this.random.chance(this.#sight === "slow" ? 1 : 0.02) ? this.random.between(1, 12_000) : 0;
        if (ms > 0) this.blindAt = Math.max(this.blindAt, this.timeline.t + ms);
        if (ms > 0) await wait(clock, ms);
        process.read.add(subject.service);
        return found;
      },
    };
  }

  #balk(nginx: Nginx): void {
    nginx.refuses = nginx.refuses === null ? "bind() failed" : null;
  }

  #target(name: TargetName, clock: Clock, alive: () => boolean): EdgeTarget {
    const nginx = this.nginxes[name];
    if (nginx === undefined) throw new Error(`there is no nginx ${name}`);
    return new EdgeTarget(nginx, clock, this.random, alive, () => this.#maybeCrash(), name);
  }

  // --- the store and crashes -----------------------------------------------------------------------------------------

  /** A few writes take their time, so that other things happen meanwhile. */
  #late(clock: Clock): Promise<void> | null {
    return this.random.chance(0.1) ? wait(clock, this.random.between(1, 60)) : null;
  }

  #maybeCrash(): void {
    if (!this.#healed && this.random.chance(0.006 * this.#rough)) this.#kill();
  }

  #kill(): void {
    this.process.alive = false;
    this.timeline.end(this.process);
    this.crashes += 1;
  }
}

function wait(clock: Clock, ms: Ms): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
