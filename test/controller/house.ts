import { Controller } from "../../src/controller/controller.ts";
import type { Check, CompareRule } from "../../src/core/check.ts";
import type { StartInput } from "../../src/core/control.ts";
import type { Notifier } from "../../src/core/notify.ts";
import type { CountingSource, HookRunner, Log, Notify, Preview, Traffic } from "../../src/core/ports.ts";
import type { Command, Rollout } from "../../src/core/rollout.ts";
import type { CanaryStep, ServiceSettings } from "../../src/core/service.ts";
import type { Bp, Endpoint, Member, Ms, PoolName } from "../../src/core/units.ts";
import type { EventView } from "../../src/core/view.ts";
import { Disk, DiskStore, diskAborts } from "../simulation/disk.ts";
import { EdgeTarget, Nginx } from "../simulation/edge.ts";
import { simulatedMetrics } from "../simulation/metrics.ts";
import { Random } from "../simulation/random.ts";
import { settingsOf } from "../simulation/settings.ts";
import { quiet, Timeline } from "../simulation/timeline.ts";
import { noHooks } from "../support/no-hooks.ts";

const ANN = { name: "ann" };
const START: StartInput = { strategy: "canary", to: null, version: null, steps: null, replace: false, reason: null };

/** The settings of the simulated service, with a canary of two steps that waits for its evidence. */
export function plainSettings(): ServiceSettings {
  const settings = settingsOf(new Random(1));
  const step = { kind: "share", forMs: 10_000, needs: null, hold: null } as const;
  const check = { name: "errors", metric: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 50 } as const;
  const hold = { atMostMs: 900_000, then: "wait" } as const;
  return {
    ...settings,
    routing: "live",
    canary: {
      steps: [
        { ...step, share: 2_000 },
        { ...step, share: 8_000 },
      ],
      checks: [check],
      hold,
      bakeMs: 0,
    },
  };
}

/** The same canary, compared with stable instead. */
export function comparedSettings(rule: Partial<CompareRule> = {}): ServiceSettings {
  const settings = plainSettings();
  if (settings.canary === null) throw new Error("there is a canary");
  const compare = { kind: "compare", margin: 0.1, alpha: 0.01, beta: 0.05, level: "critical" } as const;
  const check: Check = {
    name: "errors",
    metric: "errors",
    rule: { ...compare, harmful: { ratio: 2, delta: 0.005 }, ...rule },
    minRequests: 100,
  };
  return { ...settings, canary: { ...settings.canary, checks: [check] } };
}

/** The same service with another canary. */
export function withCanary(settings: ServiceSettings, more: Partial<NonNullable<ServiceSettings["canary"]>>): ServiceSettings {
  if (settings.canary === null) throw new Error("there is a canary");
  return { ...settings, canary: { ...settings.canary, ...more } };
}

/** A canary step of some time. */
export const share = (bp: Bp, forMs: Ms): CanaryStep => ({ kind: "share", share: bp, forMs, needs: null, hold: null });

/** The real controller on a stepped clock, in a world that does what the test says and nothing else. */
export class House {
  readonly timeline = new Timeline();
  readonly disk = new Disk();
  readonly nginx = new Nginx();
  readonly down = new Set<Endpoint>();
  readonly addresses = new Map<Member, readonly Endpoint[]>();
  errorRatio = 0;
  /** Of the stable pool, where it is not the same. */
  stableErrorRatio: number | null = null;
  readable = true;
  /** Instead of the page that `errorRatio` and `readable` make; set it before the start. */
  metrics: CountingSource | null = null;
  /** Where only this pool's page cannot be read. */
  unreadable: PoolName | null = null;
  /** How many requests a pool answers between two reads, and how many reads there were. */
  requests: Readonly<Record<PoolName, number>> = { blue: 100, green: 100 };
  readonly reads: Record<PoolName, number> = { blue: 0, green: 0 };
  /** What nginx's log would show; nothing counts while it is null. */
  traffic: Traffic | null = null;
  /** Shows nginx's files; nothing does while it is null. */
  preview: Preview | null = null;
  /** Runs hooks; there are none in the plain settings. */
  hooks: HookRunner = noHooks;
  /** Tells people; nobody is told while it is null. */
  notify: { readonly notify: Notify; readonly notifiers: readonly Notifier[] } | null = null;
  settings = plainSettings();
  readonly complaints: string[] = [];
  #process = { alive: false };
  #controller: Controller | null = null;

  get controller(): Controller {
    if (this.#controller === null) throw new Error("no controller runs");
    return this.#controller;
  }

  get rollout(): Rollout {
    const rollout = this.disk.below<Rollout>("rollouts/").at(-1);
    if (rollout === undefined) throw new Error("there is no rollout");
    return rollout;
  }

  get events(): readonly EventView[] {
    return this.disk.below<EventView>("journal/");
  }

  get green(): number {
    return this.nginx.serves.get("web")?.shares.green ?? 0;
  }

  /** Starts a controller on what the disk holds; one that ran before is dead from then on. */
  async boot(): Promise<void> {
    this.kill();
    const process = { alive: true };
    this.#process = process;
    const alive = () => process.alive;
    const clock = this.timeline.clock(process);
    const complain = (text: string) => void this.complaints.push(text);
    const log: Log = { debug: () => {}, info: () => {}, warn: complain, error: complain };
    this.#controller = await Controller.open({
      services: { web: this.settings },
      hooks: this.hooks,
      ...(this.notify === null ? {} : { notify: this.notify }),
      store: new DiskStore(this.disk, alive),
      aborts: diskAborts(this.disk, alive),
      clock,
      clockState: () => ({ boot: "house", offset: 0, seen: 0 }),
      targets: [new EdgeTarget(this.nginx, clock, new Random(1), alive, () => {})],
      probe: async (_check, endpoint) =>
        this.down.has(endpoint) ? { healthy: false, reason: "refused the connection" } : { healthy: true },
      resolve: async (member) => this.addresses.get(member) ?? [member],
      resolveEveryMs: 10_000,
      metrics:
        this.metrics ??
        simulatedMetrics(
          (pool) => (pool === "blue" ? (this.stableErrorRatio ?? this.errorRatio) : this.errorRatio),
          (pool) => this.readable && pool !== this.unreadable,
          (pool) => {
            this.reads[pool] = (this.reads[pool] ?? 0) + 1;
            return this.requests[pool] ?? 0;
          },
        ),
      observer: { know: () => {}, proved: () => {}, observed: () => null, traffic: () => this.traffic, series: () => null },
      ...(this.preview === null ? {} : { preview: this.preview }),
      log,
      epoch: String(this.timeline.t),
    });
    await quiet();
  }

  kill(): void {
    this.#process.alive = false;
    this.timeline.end(this.#process);
  }

  async pass(ms: Ms): Promise<void> {
    const until = this.timeline.t + ms;
    while (await this.timeline.step(until));
    await quiet();
  }

  /** Boots, lets every member be seen, and starts a canary. */
  async canary(input: Partial<StartInput> = {}): Promise<void> {
    await this.boot();
    await this.pass(5_000);
    await this.controller.start("web", { ...START, ...input }, ANN, null);
    await this.pass(1_000);
  }

  command(verb: Exclude<Command["verb"], "advance" | "skip" | "exclude">) {
    return this.controller.command("web", { verb }, ANN, { ifMatch: null, reason: null });
  }

  retryFromStart() {
    return this.controller.command("web", { verb: "retry", from: "start" }, ANN, { ifMatch: null, reason: null });
  }

  advance(ifMatch: string | null = null) {
    return this.controller.command("web", { verb: "advance", step: null }, ANN, { ifMatch, reason: null });
  }
}

export { ANN, START };
