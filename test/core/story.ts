import { begin } from "../../src/core/begin.ts";
import type { Freeze } from "../../src/core/freeze.ts";
import { type Hooks, NO_HOOKS } from "../../src/core/hook.ts";
import type { Move } from "../../src/core/move.ts";
import type { Command, Outcome, Readiness, Rollout, Signal, Strategy, Verdict, VerdictIs } from "../../src/core/rollout.ts";
import type { BlueGreenSettings, CanarySettings, ServiceSettings } from "../../src/core/service.ts";
import { transition } from "../../src/core/transition.ts";
import type { Ms } from "../../src/core/units.ts";

const CHECK = { name: "errors", metric: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 10 } as const;
const HOLD = { atMostMs: 900_000, then: "wait" } as const;

/** A canary of 5 % for ten seconds, 50 % until approved, and a ramp to 100 % over ten seconds. */
export const CANARY: CanarySettings = {
  steps: [
    { kind: "share", share: 500, forMs: 10_000, needs: null, hold: null },
    { kind: "approval", share: 5_000, needs: null, hold: null, within: null },
    { kind: "ramp", to: 10_000, overMs: 10_000, needs: [], hold: null },
  ],
  checks: [CHECK],
  hold: HOLD,
  bakeMs: 0,
};

const BLUE_GREEN: BlueGreenSettings = { preview: null, checks: [CHECK], hold: HOLD, bakeMs: 20_000 };

export type Given = {
  readonly strategy?: Strategy;
  readonly canary?: Partial<CanarySettings>;
  readonly blueGreen?: Partial<BlueGreenSettings>;
  readonly routing?: "live" | "weighted";
  readonly hooks?: Partial<Hooks>;
  readonly freezes?: readonly Freeze[];
};

export function settings(given: Given = {}): ServiceSettings {
  return {
    name: "web",
    routing: given.routing ?? "live",
    key: { by: "random" },
    overrides: { header: null, cookie: null },
    tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 0 },
    pools: { blue: { members: ["10.0.0.1:80"] }, green: { members: ["10.0.1.1:80", "10.0.1.2:80"] } },
    stable: "blue",
    targets: ["local"],
    health: {
      path: null,
      port: null,
      intervalMs: 2_000,
      timeoutMs: 1_000,
      passes: 1,
      fails: 2,
      status: { from: 200, to: 399 },
      body: null,
      host: null,
      deadlineMs: 30_000,
    },
    metrics: {
      errors: {
        name: "errors",
        source: "scrape",
        path: "/metrics",
        port: null,
        intervalMs: 2_000,
        timeoutMs: 1_000,
        windowMs: 6_000,
        measure: { kind: "ratio", of: "e", to: "r" },
      },
    },
    canary: { ...CANARY, ...given.canary },
    blueGreen: { ...BLUE_GREEN, ...given.blueGreen },
    rolling: null,
    hooks: { ...NO_HOOKS, ...given.hooks },
    freezes: given.freezes ?? [],
  };
}

export const READY: Readiness = { ready: 2, of: 2, unknown: 0, reason: null };
export const ONE_DOWN: Readiness = { ready: 1, of: 2, unknown: 0, reason: "10.0.1.2:80 refused the connection" };
export const ALL_DOWN: Readiness = { ready: 0, of: 2, unknown: 0, reason: "10.0.1.1:80 refused the connection" };

/** Tells a rollout's story: what happens to it, one signal after the other, with the time in its hands. */
export class Story {
  t: Ms = 1_000_000;
  /** The wall clock, where it is not the controller's. */
  wall: Ms | null = null;
  rollout: Rollout;
  last: Outcome = { is: "ignored" };
  readonly kinds: string[] = [];

  constructor(given: Given = {}, candidate: Readiness = READY) {
    const readiness = { blue: { ready: 1, of: 1, unknown: 0, reason: null }, green: candidate };
    const start = {
      id: "web-1",
      settings: settings(given),
      strategy: given.strategy ?? "canary",
      from: "blue",
      to: "green",
      version: null,
      reason: null,
      steps: null,
      readiness,
      inPlace: { stable: "blue", other: "green", members: [], drained: [] },
      actor: "ann",
    };
    const move: Move = begin(start, this.#now());
    this.rollout = move.rollout;
    this.kinds.push(...move.facts.map((fact) => fact.kind));
  }

  get green(): number {
    return this.rollout.want.shares.green ?? 0;
  }

  /** The public place: phase, or stage while it moves, with the step. */
  get at(): string {
    const { phase } = this.rollout;
    if (phase.phase === "moving") return `${phase.cursor.stage.at} ${phase.cursor.step}`;
    return "cursor" in phase ? `${phase.phase} ${phase.cursor.step}` : phase.phase;
  }

  get entry(): number {
    const { phase } = this.rollout;
    return "cursor" in phase ? phase.cursor.entry : 0;
  }

  tell(signal: Signal): this {
    this.last = transition(this.rollout, signal, this.#now());
    if (this.last.is === "moved") {
      this.rollout = this.last.rollout;
      this.kinds.push(...this.last.facts.map((fact) => fact.kind));
    }
    return this;
  }

  command(command: Command): this {
    return this.tell({ signal: "command", command, actor: "bob", reason: null });
  }

  applied(seq = this.rollout.seq): this {
    return this.tell({ signal: "applied", by: { rollout: "web-1", seq } });
  }

  refused(text: string): this {
    return this.tell({ signal: "refused", by: { rollout: "web-1", seq: this.rollout.seq }, text });
  }

  later(ms: Ms): this {
    this.t += ms;
    return this.tell({ signal: "woken" });
  }

  verdict(is: VerdictIs, entry = this.entry): this {
    const verdict: Verdict = {
      check: "errors",
      is,
      value: 0.01,
      limit: "< 2 %",
      samples: 100,
      windowMs: 6_000,
      text: `the check says ${is}`,
    };
    return this.tell({ signal: "judged", rollout: "web-1", entry, members: null, verdicts: [verdict] });
  }

  green_is(readiness: Readiness): this {
    return this.tell({ signal: "health", pool: "green", readiness });
  }

  blue_is(readiness: Readiness): this {
    return this.tell({ signal: "health", pool: "blue", readiness });
  }

  /** Through the first step of the canary, up to the approval of the second. */
  toApproval(): this {
    return this.applied().verdict("pass").later(10_000).applied().later(1);
  }

  #now() {
    return { t: this.t, wall: this.wall ?? this.t };
  }
}
