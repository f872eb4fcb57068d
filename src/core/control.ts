import type { ExplanationView } from "./explained.ts";
import type { Assumed, PlanView } from "./planned.ts";
import type { Command, Strategy } from "./rollout.ts";
import type { CanaryStep } from "./service.ts";
import type { TrafficView } from "./traffic.ts";
import type { Member, Ms, PoolName, ServiceName } from "./units.ts";
import type { EventView, RevisionView, RolloutView, ServiceView } from "./view.ts";

/** Who does something: a token's name, `cli` for offline verbs. */
export type Actor = { readonly name: string };

export type StartInput = {
  readonly strategy: Strategy;
  /** The pool to move to; null means the only other pool. */
  readonly to: PoolName | null;
  readonly version: string | null;
  /** Canary steps instead of the configured ones; the last may be below 100 %. */
  readonly steps: readonly CanaryStep[] | null;
  /** Send a running rollout back first, then start. */
  readonly replace: boolean;
  readonly reason: string | null;
};

export type UndoInput = {
  /** The number of the revision to go back to; null means the newest that was stable before. */
  readonly revision: number | null;
  /** Send a running rollout back first. */
  readonly replace: boolean;
  readonly reason: string | null;
};

/** What a start answers: a new rollout, or the word that the pool is stable already. */
export type Started =
  | { readonly is: "started"; readonly rollout: RolloutView }
  | { readonly is: "already-stable"; readonly service: ServiceView };

/**
 * What the API and the CLI can ask of a controller.
 *
 * Every call rejects with a `Refusal` where it cannot be done now, and a `StoreError` where the store cannot do its work.
 */
export interface Control {
  services(): Promise<readonly ServiceView[]>;
  service(name: ServiceName): Promise<ServiceView>;
  /** Newest first; `before` is the id to go on from. */
  rollouts(name: ServiceName, page: { limit: number; before: string | null }): Promise<readonly RolloutView[]>;
  rollout(id: string): Promise<RolloutView>;
  /** Why it went on, back or nowhere, with every decision and what it was made from. */
  explanation(id: string): Promise<ExplanationView>;
  start(name: ServiceName, input: StartInput, actor: Actor, ifMatch: string | null): Promise<Started>;
  /** Finished rollouts, newest first; `before` is the number to go on from. */
  revisions(name: ServiceName, page: { limit: number; before: number | null }): Promise<readonly RevisionView[]>;
  /** Goes back to an earlier revision, by a new rollout. */
  undo(name: ServiceName, input: UndoInput, actor: Actor, ifMatch: string | null): Promise<RolloutView>;
  /** What a start would do now. Changes nothing; rejects where even a plan cannot be made. */
  plan(name: ServiceName, input: StartInput, assumed: Assumed): Promise<PlanView>;
  /** What its pools did over the last minutes, in points of `everyMs`, from an instant of the wall clock on. */
  traffic(name: ServiceName, page: { everyMs: Ms; from: Ms }): Promise<TrafficView>;
  /** A command for the service's rollout; resolves once it is stored, before nginx serves it. */
  command(
    name: ServiceName,
    command: Command,
    actor: Actor,
    options: { ifMatch: string | null; reason: string | null },
  ): Promise<RolloutView>;
  /** Members set at run time; null goes back to the configured list. */
  setMembers(
    name: ServiceName,
    pool: PoolName,
    members: readonly Member[] | null,
    actor: Actor,
    ifMatch?: string | null,
  ): Promise<ServiceView>;
  /** Takes a member out of nginx by hand, or puts it back. */
  setMember(
    name: ServiceName,
    pool: PoolName,
    member: Member,
    state: "draining" | "ready",
    actor: Actor,
    ifMatch?: string | null,
  ): Promise<ServiceView>;
  events(
    filter: { service: ServiceName | null; rollout: string | null },
    page: { after: number; limit: number },
  ): Promise<readonly EventView[]>;
  /** The newest events that match, oldest first, and the number of the newest event of all: where a stream goes on from. */
  latest(
    filter: { service: ServiceName | null },
    limit: number,
  ): Promise<{ readonly events: readonly EventView[]; readonly newest: number }>;
  /** Events after `after` that match, then as they happen, until `signal` aborts. */
  follow(filter: { service: ServiceName | null }, after: number, signal: AbortSignal): AsyncIterable<EventView>;
  /** `ready` once the state is loaded and a target has reported; `problems` says what is missing. */
  readiness(): { readonly ready: boolean; readonly problems: readonly string[] };
}
