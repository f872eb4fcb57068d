import { Controller } from "../../src/controller/controller.ts";
import type { Probe } from "../../src/core/ports.ts";
import type { Rollout, Strategy } from "../../src/core/rollout.ts";
import type { ServiceSettings } from "../../src/core/service.ts";
import type { Endpoint, Ms } from "../../src/core/units.ts";
import { Disk, DiskStore, diskAborts } from "./disk.ts";
import { EdgeTarget, Nginx } from "./edge.ts";
import { simulatedMetrics } from "./metrics.ts";
import { Random } from "./random.ts";
import { BLUE, GREEN, settingsOf } from "./settings.ts";
import { quiet, Timeline } from "./timeline.ts";

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const START = { to: null, version: null, steps: null, reason: null } as const;
const ACTOR = { name: "person" };

/** A process of the controller: dead once it crashed, and nothing that it does then counts. */
type Process = { alive: boolean; controller: Controller | null; readonly since: Ms };

/** Everything around the controller, made from one seed: members, metrics, disk, nginx, people, and what goes wrong. */
export class World {
  readonly timeline = new Timeline();
  readonly disk = new Disk();
  readonly nginx = new Nginx();
  readonly settings: ServiceSettings;
  readonly random: Random;
  /** When each endpoint went down; an endpoint that is not here is up. */
  readonly downSince = new Map<Endpoint, Ms>();
  /** Rollouts whose abort was accepted. */
  readonly aborted = new Set<string>();
  /** The latest time at which nginx or the store refused, or the controller was not there. */
  troubleAt: Ms;
  /** When a member of any pool came back last. */
  stableSince: Ms;
  crashes = 0;
  process: Process;
  /** The true error ratio of the candidate, since when; the newest last. */
  readonly erring: { readonly since: Ms; readonly ratio: number }[] = [];
  #sight: "good" | "broken" = "good";
  #crashChance = 0.01;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.settings = settingsOf(this.random);
    this.process = { alive: false, controller: null, since: this.timeline.t };
    this.troubleAt = this.timeline.t;
    this.stableSince = this.timeline.t;
    this.disk.fault = () => this.#maybeCrash();
  }

  get rollouts(): readonly Rollout[] {
    return this.disk.below<Rollout>("rollouts/");
  }

  /** Starts a controller on what the disk holds. */
  async boot(): Promise<void> {
    const process: Process = { alive: true, controller: null, since: this.timeline.t };
    this.process = process;
    const alive = () => process.alive;
    const clock = this.timeline.clock(process);
    const opening = Controller.open({
      services: { web: this.settings },
      store: new DiskStore(this.disk, alive),
      aborts: diskAborts(this.disk, alive),
      clock,
      clockState: () => ({ boot: "sim", offset: 0, seen: 0 }),
      targets: [new EdgeTarget(this.nginx, clock, this.random, alive, () => this.#maybeCrash())],
      probe: async (_check, endpoint) => this.#probe(endpoint),
      resolve: async (member) => [member],
      resolveEveryMs: 60_000,
      metrics: simulatedMetrics(
        (pool) => (pool === "green" ? (this.erring.at(-1)?.ratio ?? 0) : 0),
        () => this.#sight === "good",
      ),
      log: SILENT,
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
    if (this.disk.refusing || this.nginx.refuses !== null) this.troubleAt = this.timeline.t;
    return this.timeline.step(until);
  }

  /** Something happens to the world: members die and come back, metrics go bad, disk and nginx refuse, people act. */
  upset(): void {
    const { random } = this;
    if (random.chance(0.15)) this.#flap(random.pick([...BLUE, ...GREEN, ...GREEN]));
    if (random.chance(0.05)) for (const endpoint of GREEN) this.downSince.set(endpoint, this.timeline.t);
    if (random.chance(0.1)) this.#err(random.pick([0, 0, 0, 0.01, 0.1, 0.1]));
    if (random.chance(0.1)) this.#sight = random.pick(["good", "good", "broken"]);
    if (random.chance(0.05)) this.disk.refusing = !this.disk.refusing;
    if (random.chance(0.05)) this.nginx.refuses = this.nginx.refuses === null ? "bind() failed" : null;
    if (random.chance(0.6)) this.#person();
  }

  /** Ends all that goes wrong. */
  heal(): void {
    this.downSince.clear();
    this.#err(0);
    this.#sight = "good";
    this.disk.refusing = false;
    this.nginx.refuses = null;
    this.#crashChance = 0;
  }

  /** What a person does in the end: ends a pause, and approves. */
  finish(): void {
    const controller = this.process.controller;
    const options = { ifMatch: null, reason: null };
    controller?.command("web", { verb: "resume" }, ACTOR, options).catch(() => {});
    controller?.command("web", { verb: "advance", step: null }, ACTOR, options).catch(() => {});
  }

  // --- people --------------------------------------------------------------------------------------------------------

  #person(): void {
    const { controller } = this.process;
    if (controller === null || !this.process.alive) return;
    const act = this.random.between(0, 11);
    const options = { ifMatch: null, reason: null };
    const tell = (verb: "pause" | "resume" | "promote" | "retry") =>
      void controller.command("web", { verb }, ACTOR, options).catch(() => {});
    if (act <= 4) this.#start(controller);
    else if (act === 5) tell("pause");
    else if (act <= 7) tell("resume");
    else if (act === 8) void controller.command("web", { verb: "advance", step: null }, ACTOR, options).catch(() => {});
    else if (act === 9) tell("promote");
    else if (act === 10) tell("retry");
    else this.#abort(controller);
  }

  #start(controller: Controller): void {
    const strategy: Strategy = this.random.chance(0.7) ? "canary" : "blue-green";
    const replace = this.random.chance(0.1);
    controller.start("web", { ...START, strategy, replace }, ACTOR, null).catch(() => {});
  }

  #abort(controller: Controller): void {
    controller.command("web", { verb: "abort" }, ACTOR, { ifMatch: null, reason: null }).then(
      (rollout) => this.aborted.add(rollout.id),
      () => {},
    );
  }

  // --- members, metrics, crashes -------------------------------------------------------------------------------------

  #err(ratio: number): void {
    this.erring.push({ since: this.timeline.t, ratio });
  }

  #flap(endpoint: Endpoint): void {
    if (this.downSince.delete(endpoint)) this.stableSince = this.timeline.t;
    else this.downSince.set(endpoint, this.timeline.t);
  }

  #probe(endpoint: Endpoint): Probe {
    return this.downSince.has(endpoint) ? { healthy: false, reason: "refused the connection" } : { healthy: true };
  }

  #maybeCrash(): void {
    if (this.random.chance(this.#crashChance)) this.#kill();
  }

  #kill(): void {
    this.process.alive = false;
    this.timeline.end(this.process);
    this.crashes += 1;
    this.troubleAt = this.timeline.t;
  }
}
