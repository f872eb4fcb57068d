import type { Clock } from "../../src/controller/clock.ts";
import type { HookCall, HookEnd, HookRunner, Probe } from "../../src/core/ports.ts";
import type { Member, Ms } from "../../src/core/units.ts";
import type { Random } from "./random.ts";

/** What a member is: a version that answers, or does not yet, or never will. */
type Machine = {
  version: string;
  /** From when on it answers. */
  upAt: Ms;
  sick: boolean;
};

type Running = { readonly key: string; readonly member: Member; readonly version: string; readonly owner: object };

/** The members of a pool as machines, and the deploy hook that works on them; both outlive the controller. */
export class Fleet {
  readonly machines = new Map<Member, Machine>();
  /** Hooks that run now, by key: what a dead controller started goes on until somebody ends it. */
  readonly running = new Map<string, Running>();
  /** Members whose hook has begun, in that order, each as often as it has. */
  readonly touched: { readonly member: Member; readonly point: string; readonly at: Ms }[] = [];
  readonly #random: Random;
  readonly #now: () => Ms;
  /** How likely a deployment goes wrong, until everything is mended. */
  trouble: number;
  /** Called when a hook begins, to look at the world in that moment. */
  begins: (call: HookCall) => void = () => {};

  constructor(members: readonly Member[], random: Random, now: () => Ms, trouble: number) {
    for (const member of members) this.machines.set(member, { version: "v1", upAt: 0, sick: false });
    this.#random = random;
    this.#now = now;
    this.trouble = trouble;
  }

  isUp(member: Member): boolean {
    const machine = this.machines.get(member);
    return machine !== undefined && !machine.sick && this.#now() >= machine.upAt;
  }

  probe(member: Member): Probe {
    return this.isUp(member) ? { healthy: true } : { healthy: false, reason: "refused the connection" };
  }

  /** What people do with a member that does not come up: they mend it, whatever it runs. */
  mend(): void {
    for (const [member, machine] of this.machines) {
      machine.sick = false;
      const busy = [...this.running.values()].some((one) => one.member === member);
      if (!busy && machine.upAt === Number.POSITIVE_INFINITY) machine.upAt = this.#now();
    }
  }

  /** Breaks a member that runs well. */
  break(member: Member): void {
    const machine = this.machines.get(member);
    if (machine !== undefined) machine.sick = true;
  }

  /** The hooks as one process of the controller runs them. */
  hooks(clock: Clock, owner: object, alive: () => boolean): HookRunner {
    return {
      run: (call, started, signal) => this.#run(call, clock, owner, alive, started, signal),
      endLeftOver: async (key) => void this.running.delete(key),
    };
  }

  async #run(
    call: HookCall,
    clock: Clock,
    owner: object,
    alive: () => boolean,
    started: (pid: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<HookEnd> {
    if (!alive()) return new Promise(() => {});
    const { key, member, point } = call;
    if (member === null) return { ok: true, text: "succeeded", output: "" };
    if (this.running.has(key)) throw new Error(`${key} runs already`);
    this.begins(call);
    const version = point === "deploy" ? (call.version ?? "v2") : "v1";
    this.running.set(key, { key, member, version, owner });
    this.touched.push({ member, point, at: this.#now() });
    this.machines.set(member, { version: `half ${version}`, upAt: Number.POSITIVE_INFINITY, sick: false });
    await started(1);
    const bad = this.#random.chance(this.trouble);
    await new Promise<void>((resolve) => {
      clock.after(this.#random.between(500, 6_000), resolve);
      // Somebody who is told to end takes a moment for it.
      signal.addEventListener("abort", () => clock.after(1_000, resolve), { once: true });
    });
    if (!alive()) return new Promise(() => {});
    if (!this.running.delete(key) || signal.aborted) return { ok: false, text: "was ended", output: "" };
    const fails = bad && this.#random.chance(0.5);
    const upAt = this.#now() + this.#random.between(0, 4_000);
    this.machines.set(member, { version: fails ? `half ${version}` : version, upAt, sick: bad });
    return fails ? { ok: false, text: "exit code 1", output: "" } : { ok: true, text: "succeeded", output: "" };
  }
}
