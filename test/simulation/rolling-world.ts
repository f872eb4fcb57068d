import { Controller } from "../../src/controller/controller.ts";
import type { Rollout } from "../../src/core/rollout.ts";
import type { Route } from "../../src/core/route.ts";
import type { RollingSettings, ServiceSettings } from "../../src/core/service.ts";
import type { Endpoint, Member, Ms } from "../../src/core/units.ts";
import { Disk, DiskStore, diskAborts } from "./disk.ts";
import { EdgeTarget, Nginx } from "./edge.ts";
import { someHooks } from "./errands.ts";
import { Fleet } from "./fleet.ts";
import { simulatedMetrics } from "./metrics.ts";
import { Random } from "./random.ts";
import { rollingOf } from "./rolling-settings.ts";
import { settingsOf } from "./settings.ts";
import { quiet, SILENT, Timeline } from "./timeline.ts";
import { demand } from "./witness.ts";

const ACTOR = { name: "person" };
const START = { strategy: "rolling", to: null, version: "v2", steps: null, reason: null, replace: false } as const;
const IGNORED = () => {};
/** Two failed probes, two seconds apart, and the time in which nginx takes the change. */
const SEEN_WITHIN_MS: Ms = 6_500;

/** A pool that is updated in place while controllers crash, members break, nginx and disk refuse, and people decide things. */
export class RollingWorld {
  readonly timeline = new Timeline();
  readonly disk = new Disk();
  readonly nginx = new Nginx();
  readonly random: Random;
  readonly settings: ServiceSettings;
  readonly rolling: RollingSettings;
  readonly fleet: Fleet;
  crashes = 0;
  broken: string | null = null;
  #process: { alive: boolean; controller: Controller | null } = { alive: false, controller: null };
  #healed = false;
  /** A tenth of the requests fail, whoever answers them. */
  #errs = false;
  /** Rollouts whose abort was accepted, and when. */
  readonly #aborted = new Map<string, Ms>();
  /** Since when a member that nginx sends requests to does not answer. */
  readonly #deadSince = new Map<Member, Ms>();
  /** Since when a member does not answer, and when each did not for the last time. */
  readonly #downSince = new Map<Member, Ms>();
  readonly #downAt = new Map<Member, Ms>();
  #refusedAt: Ms = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    const { random } = this;
    const members = Array.from({ length: random.between(2, 6) }, (_, index) => `10.0.0.${index + 1}:80`);
    const spares = random.chance(0.3) ? ["10.0.9.1:80"] : [];
    this.rolling = rollingOf(random, members.length, spares);
    const base = settingsOf(random);
    this.settings = {
      ...base,
      pools: { blue: { members }, green: { members: ["10.1.0.1:80"] } },
      rolling: this.rolling,
      hooks: someHooks(random),
    };
    this.fleet = new Fleet([...members, ...spares, "10.1.0.1:80"], random, () => this.timeline.t, random.pick([0, 0.05, 0.25]));
    this.fleet.begins = ({ member, point, rollout }) => this.#guard(() => this.#mayTouch(rollout, member ?? "", point));
    this.disk.fault = () => this.#maybeCrash();
    this.nginx.took = (route) => this.#guard(() => this.#took(route));
    this.#refusedAt = this.timeline.t;
  }

  get rollouts(): readonly Rollout[] {
    return this.disk.below<Rollout>("rollouts/");
  }

  async boot(): Promise<void> {
    const process: { alive: boolean; controller: Controller | null } = { alive: true, controller: null };
    this.#process = process;
    const alive = () => process.alive;
    const clock = this.timeline.clock(process);
    const target = new EdgeTarget(this.nginx, clock, this.random, alive, () => this.#maybeCrash());
    target.inFlight = (endpoint) => (this.nginx.drains(endpoint, this.timeline.t) ? 1 : 0);
    const opening = Controller.open({
      hooks: this.fleet.hooks(clock, process, alive),
      services: { web: this.settings },
      store: new DiskStore(this.disk, alive),
      aborts: diskAborts(this.disk, alive),
      clock,
      clockState: () => ({ boot: "sim", offset: 0, seen: 0 }),
      targets: [target],
      probe: async (_check, endpoint) => this.fleet.probe(endpoint),
      resolve: async (member) => [member],
      resolveEveryMs: 60_000,
      metrics: simulatedMetrics(
        () => (this.#errs ? 0.1 : 0),
        () => true,
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

  async step(until: Ms): Promise<boolean> {
    if (!this.#process.alive) await this.boot();
    if (this.disk.refusing) this.#diskAt = this.timeline.t;
    if (this.disk.refusing || this.nginx.refuses !== null) this.#refusedAt = this.timeline.t;
    const more = await this.timeline.step(until);
    this.#guard(() => this.#look());
    if (this.broken !== null) throw new Error(this.broken);
    return more;
  }

  upset(): void {
    const { random, fleet } = this;
    if (random.chance(0.35)) this.#person();
    if (random.chance(0.04)) fleet.break(random.pick([...fleet.machines.keys()]));
    if (random.chance(0.08)) fleet.mend();
    if (random.chance(0.1)) this.#errs = !this.#errs && random.chance(0.5);
    if (random.chance(0.04)) this.disk.refusing = !this.disk.refusing;
    if (random.chance(0.05)) this.nginx.refuses = this.nginx.refuses === null ? "bind() failed" : null;
  }

  heal(): void {
    this.#healed = true;
    this.#errs = false;
    this.disk.refusing = false;
    this.nginx.refuses = null;
    this.fleet.trouble = 0;
    this.fleet.mend();
  }

  /** What people do in the end: they mend what is broken, and decide what waits for them. */
  finish(): void {
    this.fleet.mend();
    if (this.rollouts.every(({ endedAt }) => endedAt !== null)) return;
    const { controller } = this.#process;
    if (this.random.chance(0.3)) {
      this.#abort();
      return;
    }
    for (const verb of ["resume", "retry", "advance"] as const)
      controller
        ?.command("web", verb === "advance" ? { verb, step: null } : { verb }, ACTOR, { ifMatch: null, reason: null })
        .catch(IGNORED);
  }

  // --- what must hold ------------------------------------------------------------------------------------------------

  /** Nobody is touched that nginx still sends requests to, nor by a rollout that was aborted. */
  #mayTouch(id: string, member: Member, point: string): void {
    const served = this.nginx.serves.get("web");
    demand(served?.endpoints.blue?.[member] !== "ready", `${point} touches ${member}, which nginx sends requests to`);
    const before = [...this.fleet.running.values()].filter((one) => one.member === member);
    demand(before.length === 0, `${member} is worked on twice at once: ${before.map(({ key }) => key).join()}`);
    const aborted = this.#aborted.get(id);
    demand(point !== "deploy" || aborted === undefined, `${member} is deployed by ${id}, which was aborted`);
  }

  /** A member is taken out only where enough others are left. */
  #took(route: Route): void {
    const before = this.#ready;
    const now = readyOf(route);
    const rollout = this.rollouts.at(-1);
    this.#ready = now;
    if (before === null || rollout?.rolling == null || rollout.phase.phase !== "moving") return;
    const out = route.out.filter((member) => before.includes(member) && !rollout.rolling?.excluded.includes(member));
    // Who died a moment ago could not be known to be missing.
    const { t } = this.timeline;
    const dying = [...this.#downSince].filter(
      ([member, since]) =>
        !now.includes(member) &&
        !route.out.includes(member) &&
        t - Math.max(since, this.#crashedAt, this.#diskAt) < SEEN_WITHIN_MS,
    );
    if (out.length === 0 || now.length + dying.length >= rollout.rolling.minReady - rollout.rolling.excluded.length) return;
    const failing = [...Object.keys(rollout.rolling.failed), ...(rollout.rolling.failing?.members ?? [])];
    demand(
      out.every((member) => failing.includes(member) || t - (this.#downAt.get(member) ?? 0) < SEEN_WITHIN_MS),
      `${out.join()} are taken out, and only ${now.length} of ${rollout.rolling.minReady} are left`,
    );
  }

  #ready: readonly Endpoint[] | null = null;

  /** nginx sends nothing to a member that does not answer, beyond the time in which that is seen, unless nobody else is there. */
  #look(): void {
    this.#charged();
    const route = this.nginx.serves.get("web");
    if (route === undefined) return;
    const ready = readyOf(route);
    const { t } = this.timeline;
    for (const member of this.fleet.machines.keys()) {
      if (!this.fleet.isUp(member)) this.#downAt.set(member, t);
      if (this.fleet.isUp(member)) this.#downSince.delete(member);
      else if (!this.#downSince.has(member)) this.#downSince.set(member, t);
      const dead = ready.includes(member) && !this.fleet.isUp(member);
      if (!dead) this.#deadSince.delete(member);
      else if (!this.#deadSince.has(member)) this.#deadSince.set(member, t);
    }
    const others = ready.some((member) => this.fleet.isUp(member));
    for (const [member, since] of this.#deadSince)
      demand(
        !others || t - Math.max(since, this.#refusedAt, this.#bootedAt) <= SEEN_WITHIN_MS + 5_000,
        `${member} is dead for ${t - since} ms, and nginx sends requests to it`,
      );
  }

  /** A check fails none but those that run the new version: who is on the way to it has not been judged. */
  #charged(): void {
    const { id, rolling } = this.rollouts.at(-1) ?? { id: "", rolling: null };
    if (rolling === null || rolling.failing?.text.startsWith("errors: ") !== true) return;
    const charged = rolling.failing.members.filter((member) => !rolling.deployed.includes(member));
    demand(charged.length === 0, `${id}: ${charged.join()} failed by a check, and were not updated`);
  }

  get #bootedAt(): Ms {
    return this.#crashedAt;
  }

  #crashedAt: Ms = 0;
  /** The latest time at which the store refused: what is seen of a member is told nobody then. */
  #diskAt: Ms = 0;

  checkEnd(): void {
    const route = this.nginx.serves.get("web");
    for (const rollout of this.rollouts) {
      const { phase } = rollout.phase;
      demand(phase === "promoted" || phase === "reverted", `${rollout.id} is ${phase} in the end`);
    }
    const last = this.rollouts.at(-1);
    if (last?.rolling == null || route === undefined) return;
    const { excluded, skipped, members, settings, touched } = last.rolling;
    const drained = this.disk.value<{ drained: Record<string, string[]> }>("services/web")?.drained.blue ?? [];
    for (const member of excluded) demand(drained.includes(member), `${member} was excluded, and is not out`);
    for (const member of members) {
      const version = this.fleet.machines.get(member)?.version;
      if (last.phase.phase === "promoted" && !excluded.includes(member) && !skipped.includes(member))
        if (!(member in last.rolling.failed)) demand(version === "v2", `${member} runs ${version}, and ${last.id} is promoted`);
      if (last.phase.phase === "reverted" && settings.rollback !== null && touched.includes(member) && !excluded.includes(member))
        if (!last.phase.cause.includes("left as it is")) demand(version === "v1", `${member} runs ${version} after ${last.id}`);
    }
    for (const spare of settings.spares) demand(!readyOf(route).includes(spare), `${spare} is a spare, and still serves`);
  }

  // --- people and crashes --------------------------------------------------------------------------------------------

  #person(): void {
    const { random } = this;
    const { controller, alive } = this.#process;
    if (controller === null || !alive) return;
    const tell = (command: Parameters<Controller["command"]>[1]) =>
      controller.command("web", command, ACTOR, { ifMatch: null, reason: null }).catch(IGNORED);
    const member = random.pick([null, ...this.fleet.machines.keys()]);
    const act = random.between(0, 12);
    if (act <= 4) controller.start("web", START, ACTOR, null).catch(IGNORED);
    else if (act === 5) tell({ verb: "pause" });
    else if (act <= 7) tell({ verb: "resume" });
    else if (act === 8) tell({ verb: "skip", member });
    else if (act === 9 && random.chance(0.5)) tell({ verb: "exclude", member });
    else if (act === 10) tell({ verb: random.pick(["promote", "retry"] as const) });
    else if (act === 11) this.#abort();
    else tell({ verb: "retry" });
  }

  #abort(): void {
    const { controller } = this.#process;
    controller
      ?.command("web", { verb: "abort" }, ACTOR, { ifMatch: null, reason: null })
      .then((rollout) => this.#aborted.set(rollout.id, this.timeline.t), IGNORED);
  }

  #guard(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.broken ??= error instanceof Error ? error.message : String(error);
    }
  }

  #maybeCrash(): void {
    if (!this.#healed && this.random.chance(0.01)) this.#kill();
  }

  #kill(): void {
    this.#process.alive = false;
    this.timeline.end(this.#process);
    this.crashes += 1;
    this.#crashedAt = this.timeline.t;
  }
}

function readyOf(route: Route): readonly Endpoint[] {
  return Object.entries(route.endpoints.blue ?? {}).flatMap(([endpoint, state]) => (state === "ready" ? endpoint : []));
}
