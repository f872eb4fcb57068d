import type { Controller } from "../../src/controller/controller.ts";
import type { Command, Strategy } from "../../src/core/rollout.ts";
import type { ServiceName } from "../../src/core/units.ts";
import type { Random } from "./random.ts";
import { membersOf } from "./settings.ts";

const START = { to: null, version: null, steps: null, reason: null } as const;
const ACTOR = { name: "person" };
const OPTIONS = { ifMatch: null, reason: null } as const;
const IGNORED = () => {};

type Told = {
  /** A call for an abort was answered: it is accepted. */
  aborted(rollout: string): void;
  /** Members of a service are about to be others. */
  touched(service: ServiceName): void;
};

/** What people do with a service, whether it makes sense or not: what cannot be done is refused, and that is all. */
export class People {
  readonly #random: Random;
  readonly #told: Told;

  constructor(random: Random, told: Told) {
    this.#random = random;
    this.#told = told;
  }

  act(controller: Controller, service: ServiceName, number: number): void {
    const act = this.#random.between(0, 15);
    if (act <= 4) this.#start(controller, service);
    else if (act === 5 || act === 15) this.#tell(controller, service, { verb: "pause" });
    else if (act <= 7) this.#tell(controller, service, { verb: "resume" });
    else if (act === 8) this.#tell(controller, service, { verb: "advance", step: null });
    else if (act === 9) this.#promote(controller, service);
    else if (act === 10)
      this.#tell(controller, service, this.#random.chance(0.3) ? { verb: "retry", from: "start" } : { verb: "retry" });
    else if (act === 11) this.#setMembers(controller, service, number);
    else if (act <= 13) this.#setMember(controller, service, number);
    else this.#abort(controller, service);
  }

  /** What a person does in the end: ends a pause, approves, and puts all members back. */
  finish(controller: Controller, service: ServiceName, number: number): void {
    this.#tell(controller, service, { verb: "resume" });
    this.#tell(controller, service, { verb: "advance", step: null });
    for (const pool of ["blue", "green"])
      for (const member of membersOf(number, pool, 3)) controller.setMember(service, pool, member, "ready", ACTOR).catch(IGNORED);
  }

  #tell(controller: Controller, service: ServiceName, command: Command): void {
    controller.command(service, command, ACTOR, OPTIONS).catch(IGNORED);
  }

  /** Often somebody thinks better of it at once: an abort that meets a promote wins. */
  #promote(controller: Controller, service: ServiceName): void {
    this.#tell(controller, service, { verb: "promote" });
    if (this.#random.chance(0.4)) this.#abort(controller, service);
  }

  #start(controller: Controller, service: ServiceName): void {
    const strategy: Strategy = this.#random.chance(0.7) ? "canary" : "blue-green";
    const replace = this.#random.chance(0.1);
    if (this.#random.chance(0.2)) {
      controller.undo(service, { revision: null, replace, reason: null }, ACTOR, null).catch(IGNORED);
      return;
    }
    controller.start(service, { ...START, strategy, replace }, ACTOR, null).catch(IGNORED);
  }

  #abort(controller: Controller, service: ServiceName): void {
    controller.command(service, { verb: "abort" }, ACTOR, OPTIONS).then((rollout) => this.#told.aborted(rollout.id), IGNORED);
  }

  #setMembers(controller: Controller, service: ServiceName, number: number): void {
    const pool = this.#random.pick(["blue", "green"]);
    const members = this.#random.chance(0.3) ? null : membersOf(number, pool, this.#random.between(1, 3));
    this.#told.touched(service);
    controller.setMembers(service, pool, members, ACTOR).then(() => this.#told.touched(service), IGNORED);
  }

  #setMember(controller: Controller, service: ServiceName, number: number): void {
    const pool = this.#random.pick(["blue", "green"]);
    const member = this.#random.pick(membersOf(number, pool));
    const state = this.#random.pick(["draining", "ready"] as const);
    this.#told.touched(service);
    controller.setMember(service, pool, member, state, ACTOR).then(() => this.#told.touched(service), IGNORED);
  }
}
