import { begin } from "../../src/core/begin.ts";
import { effects } from "../../src/core/effects.ts";
import type { Hook } from "../../src/core/hook.ts";
import type { Command, Effect, Fact, Outcome, Rollout, Signal, VerdictIs } from "../../src/core/rollout.ts";
import type { RollingSettings } from "../../src/core/service.ts";
import { transition } from "../../src/core/transition.ts";
import type { Member, Ms } from "../../src/core/units.ts";
import { type Given, settings } from "./story.ts";

const MEMBERS = ["a:1", "b:1", "c:1", "d:1"] as const;

export function hook(name: string): Hook {
  return { name, deadlineMs: 60_000, do: "command", command: [name], env: {} };
}

/** One member at a time, 30 s to drain, 10 s healthy, 20 s judged by one check. */
export const ROLLING: RollingSettings = {
  pool: null,
  batch: { count: 1 },
  delayMs: 0,
  drainMs: 30_000,
  onDrainTimeout: "proceed",
  deploy: hook("deploy"),
  rollback: null,
  minHealthyMs: 10_000,
  deadlineMs: 120_000,
  slowStartMs: 0,
  monitorMs: 20_000,
  maxUnavailable: null,
  spares: [],
  maxFailures: { count: 0 },
  onFailure: "pause",
  order: [],
  exclude: [],
  checks: [{ name: "errors", metric: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 10 }],
  hold: { atMostMs: 900_000, then: "wait" },
};

/** Tells the story of a pool that is updated in place; nginx takes what it is told at once unless it is said otherwise. */
export class RollingStory {
  t: Ms = 1_000_000;
  rollout: Rollout;
  last: Outcome = { is: "ignored" };
  readonly kinds: string[] = [];
  readonly facts: Fact[] = [];
  readonly #slow: boolean;
  readonly #health = new Map<Member, { ready: boolean; since: Ms }>();

  constructor(
    given: Partial<RollingSettings> = {},
    more: Given & { members?: readonly Member[]; drained?: readonly Member[]; slow?: boolean } = {},
  ) {
    this.#slow = more.slow === true;
    const members = more.members ?? MEMBERS;
    const readiness = { blue: { ready: members.length, of: members.length, unknown: 0, reason: null } };
    const start = {
      id: "web-1",
      settings: { ...settings(more), rolling: { ...ROLLING, ...given } },
      strategy: "rolling",
      from: "blue",
      to: "blue",
      version: "v2",
      reason: null,
      steps: null,
      readiness,
      inPlace: { stable: "blue", other: "green", members, drained: more.drained ?? [] },
      actor: "ann",
    } as const;
    this.rollout = begin(start, this.#now()).rollout;
    for (const member of [...members, ...(given.spares ?? [])]) this.#health.set(member, { ready: true, since: 0 });
    this.#seen();
  }

  /** The public place, with what the step is called. */
  get at(): string {
    const { phase, plan } = this.rollout;
    if (!("cursor" in phase)) return phase.phase;
    const { step, stage } = phase.cursor;
    const task = stage.at === "waiting" ? plan[step]?.[stage.list][stage.task]?.name : undefined;
    const place = phase.phase === "moving" ? stage.at : `${phase.phase} ${stage.at}`;
    return `${task ?? place}: ${plan[step]?.label}`;
  }

  get phase(): string {
    return this.rollout.phase.phase;
  }

  get out(): readonly Member[] {
    return this.rollout.want.out;
  }

  get running(): readonly (Effect & { effect: "hook" })[] {
    return effects(this.rollout).flatMap((effect) => (effect.effect === "hook" ? effect : []));
  }

  tell(signal: Signal): this {
    this.last = transition(this.rollout, signal, this.#now());
    if (this.last.is === "moved") {
      this.rollout = this.last.rollout;
      this.facts.push(...this.last.facts);
      this.kinds.push(...this.last.facts.map((fact) => fact.kind));
    }
    if (!this.#slow && this.rollout.appliedSeq < this.rollout.seq) this.applied();
    return this;
  }

  applied(): this {
    return this.tell({ signal: "applied", by: { rollout: "web-1", seq: this.rollout.seq } });
  }

  command(command: Command): this {
    return this.tell({ signal: "command", command, actor: "bob", reason: null });
  }

  later(ms: Ms): this {
    this.t += ms;
    return this.tell({ signal: "woken" });
  }

  /** Nothing is in flight any more to the members that are waited for. */
  drained(): this {
    const drain = effects(this.rollout).find((effect) => effect.effect === "drain");
    if (drain?.effect !== "drain") throw new Error(`nothing drains: ${this.at}`);
    return this.tell({ signal: "task", key: drain.task, result: { ok: true, text: "drained", by: null } });
  }

  /** The hooks that run end, for one member or for all. */
  hooksEnd(ok: boolean, member: Member | null = null): this {
    const ended = this.running.filter((one) => member === null || one.member === member);
    if (ended.length === 0) throw new Error(`no hook runs: ${this.at}`);
    for (const { task } of ended)
      this.tell({ signal: "task", key: task, result: { ok, text: ok ? "done" : "exit code 1", by: null } });
    return this;
  }

  /** Nobody has looked at a member yet, as after a restart. */
  unknown(member: Member): this {
    const health = {
      ...this.rollout.rolling?.health,
      [member]: { ready: false, failing: false, down: false, since: 0, reason: "unseen" },
    };
    return this.tell({ signal: "members", health });
  }

  /** Probes see a member from now on. */
  is(member: Member, ready: boolean): this {
    this.#health.set(member, { ready, since: this.t });
    return this.#seen();
  }

  /** What judging says now; nothing while nobody is judged. */
  verdict(is: VerdictIs): this {
    return this.#judge === undefined ? this : this.tell(this.judgement(is));
  }

  get #judge() {
    return effects(this.rollout).find((effect) => effect.effect === "judge");
  }

  /** What judging would say now. */
  judgement(is: VerdictIs): Signal {
    const judge = this.#judge;
    if (judge?.effect !== "judge") throw new Error(`nobody is judged: ${this.at}`);
    const verdict = { check: "errors", is, value: 0.5, limit: "< 2 %", samples: 100, windowMs: 6_000, text: `says ${is}` };
    return { signal: "judged", rollout: "web-1", entry: judge.entry, members: judge.members, verdicts: [verdict] };
  }

  /** Takes one batch through its update, up to its being judged. */
  updated(...members: readonly Member[]): this {
    this.drained().hooksEnd(true);
    for (const member of members) this.is(member, true);
    return this.later(10_000);
  }

  /** A batch from its being taken out to its end. */
  batch(...members: readonly Member[]): this {
    return this.updated(...members)
      .verdict("pass")
      .later(20_000);
  }

  #seen(): this {
    const fresh = this.rollout.rolling?.fresh ?? {};
    const health = [...this.#health].map(([member, one]) => {
      const ready = one.ready && one.since >= (fresh[member] ?? 0);
      const down = !one.ready && one.since >= (fresh[member] ?? 0);
      return [
        member,
        { ready, failing: down, down, since: ready ? one.since : 0, reason: ready ? null : "refused the connection" },
      ] as const;
    });
    return this.tell({ signal: "members", health: Object.fromEntries(health) });
  }

  #now() {
    return { t: this.t, wall: this.t };
  }
}
