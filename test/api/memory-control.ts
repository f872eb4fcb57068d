import type { Actor, Control, Started, StartInput, UndoInput } from "../../src/core/control.ts";
import { Refusal } from "../../src/core/errors.ts";
import type { ExplanationView } from "../../src/core/explained.ts";
import type { Assumed, PlanView } from "../../src/core/planned.ts";
import type { Command } from "../../src/core/rollout.ts";
import type { TrafficView } from "../../src/core/traffic.ts";
import type { EventView, RevisionView, RolloutView, ServiceView } from "../../src/core/view.ts";
import { planView } from "../support/plans.ts";
import { explanationView, revisionView } from "../support/views.ts";

/** One call that the API made, with all that it passed on. */
export type Call = { readonly call: string; readonly args: readonly unknown[] };

/** The least `Control` that the API can be held against: one service `web`, no nginx, every call written down. */
export class MemoryControl implements Control {
  readonly calls: Call[] = [];
  readonly journal: EventView[] = [];
  /** Thrown by the next call. */
  fails: Error | null = null;
  /** Awaited by every change, so that a test can hold one open. */
  gate: Promise<void> = Promise.resolve();
  ready: { ready: boolean; problems: string[] } = { ready: true, problems: [] };
  etag = "web-1.1.1";
  stable = "blue";
  /** Followers that have not ended. */
  followers = 0;
  #wake = Promise.withResolvers<void>();

  async services(): Promise<readonly ServiceView[]> {
    return [await this.service("web")];
  }

  async service(name: string): Promise<ServiceView> {
    this.#note("service", name);
    if (name !== "web") throw new Refusal("unknown-service", `there is no service ${name}`, "services: web");
    return serviceView(this.stable, this.etag);
  }

  async rollouts(name: string, page: { limit: number; before: string | null }): Promise<readonly RolloutView[]> {
    this.#note("rollouts", name, page);
    const newest = page.before === null ? 5 : Number(page.before.slice(4)) - 1;
    return Array.from({ length: Math.min(page.limit, newest) }, (_, at) => rolloutView(`web-${newest - at}`));
  }

  async explanation(id: string): Promise<ExplanationView> {
    return explanationView(await this.rollout(id));
  }

  async rollout(id: string): Promise<RolloutView> {
    this.#note("rollout", id);
    if (!id.startsWith("web-")) throw new Refusal("unknown-rollout", `there is no rollout ${id}`);
    return rolloutView(id);
  }

  async start(name: string, input: StartInput, actor: Actor, ifMatch: string | null): Promise<Started> {
    this.#note("start", name, input, actor.name, ifMatch);
    await this.gate;
    if (input.to === this.stable) return { is: "already-stable", service: serviceView(this.stable, this.etag) };
    return { is: "started", rollout: rolloutView(`web-${this.calls.length}`) };
  }

  async revisions(name: string, page: { limit: number; before: number | null }): Promise<readonly RevisionView[]> {
    this.#note("revisions", name, page);
    const newest = (page.before ?? 3) - 1;
    return Array.from({ length: Math.min(page.limit, newest + 1) }, (_, at) => revisionView(newest - at));
  }

  async undo(name: string, input: UndoInput, actor: Actor, ifMatch: string | null): Promise<RolloutView> {
    this.#note("undo", name, input, actor.name, ifMatch);
    await this.gate;
    return rolloutView(`web-${this.calls.length}`);
  }

  async plan(name: string, input: StartInput, assumed: Assumed): Promise<PlanView> {
    this.#note("plan", name, input, assumed);
    return planView();
  }

  async command(name: string, command: Command, actor: Actor, options: { ifMatch: string | null; reason: string | null }) {
    this.#note("command", name, command, actor.name, options);
    await this.gate;
    if (options.ifMatch !== null && options.ifMatch !== this.etag) throw new Refusal("stale", "the rollout has moved on");
    return rolloutView("web-1");
  }

  async setMembers(...args: Parameters<Control["setMembers"]>): Promise<ServiceView> {
    this.#note("setMembers", ...args.slice(0, 3), args[3].name);
    return serviceView(this.stable, this.etag);
  }

  async setMember(...args: Parameters<Control["setMember"]>): Promise<ServiceView> {
    this.#note("setMember", ...args.slice(0, 4), args[4].name);
    return serviceView(this.stable, this.etag);
  }

  async events(filter: { service: string | null; rollout: string | null }, page: { after: number; limit: number }) {
    this.#note("events", filter, page);
    return this.journal.filter((event) => event.seq > page.after).slice(0, page.limit);
  }

  async traffic(name: string, page: { everyMs: number; from: number }): Promise<TrafficView> {
    this.#note("traffic", name, page);
    return { series: null };
  }

  async latest(filter: { service: string | null }, limit: number) {
    this.#note("latest", filter, limit);
    return { events: this.journal.slice(-limit), newest: this.journal.length };
  }

  async *follow(filter: { service: string | null }, after: number, signal: AbortSignal): AsyncIterable<EventView> {
    this.#note("follow", filter, after);
    this.followers += 1;
    try {
      for (let at = after; !signal.aborted; ) {
        // `seq` is dense from 1.
        const next = this.journal.slice(at).find(({ service }) => filter.service === null || service === filter.service);
        if (next === undefined) await Promise.race([this.#wake.promise, aborted(signal)]);
        else {
          at = next.seq;
          yield next;
        }
      }
    } finally {
      this.followers -= 1;
    }
  }

  readiness() {
    return this.ready;
  }

  /** Adds a line to the journal and wakes the followers. */
  happen(text: string, data: Record<string, unknown> = {}, service = "web"): void {
    const seq = this.journal.length + 1;
    this.journal.push({ seq, at: AT, service, rollout: "web-1", step: 0, kind: "applied", actor: null, text, data });
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  #note(call: string, ...args: unknown[]): void {
    this.calls.push({ call, args });
    const error = this.fails;
    this.fails = null;
    if (error !== null) throw error;
  }
}

const AT = "2026-01-02T03:04:05.000Z";

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function serviceView(stable: string, etag: string): ServiceView {
  const member = { address: "127.0.0.1:8001", state: "ready", health: "ready", reason: null, inFlight: null } as const;
  const endpoints = [{ address: "127.0.0.1:8001", health: "ready", reason: null }] as const;
  return {
    name: "web",
    routing: "live",
    stable,
    candidate: null,
    wanted: { shares: { blue: 10_000 } },
    applied: {
      shares: { blue: 10_000 },
      generation: "1-abc",
      at: AT,
      targets: [{ name: "local", generation: "1-abc", state: "applied", reason: null, lingering: 0 }],
    },
    observed: null,
    pools: { blue: { members: [{ ...member, endpoints }], from: "config" }, green: { members: [], from: "api" } },
    rollout: rolloutView("web-1"),
    etag,
  };
}

const SAID = { windowMs: 30_000, needed: null, towards: { fail: 0.5, pass: 1 }, text: "1 % < 2 %" };

function rolloutView(id: string): RolloutView {
  return {
    id,
    service: "web",
    strategy: "canary",
    version: null,
    from: "blue",
    to: "green",
    phase: "observing",
    step: 0,
    steps: [{ label: "5 %", shares: { blue: 9_500, green: 500 }, state: "now", until: "time" }],
    since: AT,
    remainingMs: 1_000,
    reason: "observing",
    hold: null,
    checks: [{ name: "errors", is: "pass", value: 0.01, limit: "< 2 %", samples: 100, ...SAID }],
    rolling: null,
    undoes: null,
    startedBy: "admin",
    startedAt: AT,
    endedAt: null,
  };
}
