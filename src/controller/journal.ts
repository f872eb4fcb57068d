import type { Compare, Store, Write } from "../core/ports.ts";
import type { Fact } from "../core/rollout.ts";
import type { Json, Now, ServiceName } from "../core/units.ts";
import type { EventView } from "../core/view.ts";
import { CLOCK_KEY, type ClockState } from "./clock.ts";

const DIGITS = 12;

export function journalKey(seq: number): string {
  return `journal/${String(seq).padStart(DIGITS, "0")}`;
}

/** What a fact is about. */
export type About = { readonly service: ServiceName; readonly rollout: string | null };

/** What is about all of Sluice: tokens, its configuration. */
const NO_SERVICE: About = { service: "", rollout: null };

/** Writes what is about no service with its line in the journal. False where something else is stored than was compared. */
export type Recorder = (compares: readonly Compare[], writes: readonly Write[], fact: Fact) => Promise<boolean>;

/**
 * Writes what happened in the same transaction as what changed.
 *
 * Lines are numbered densely: each is created with a compare, and writes of one process queue here.
 */
export class Journal {
  readonly #store: Store;
  readonly #clock: () => ClockState;
  #seq: number;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(store: Store, clock: () => ClockState, seq: number) {
    this.#store = store;
    this.#clock = clock;
    this.#seq = seq;
  }

  static async open(store: Store, clock: () => ClockState): Promise<Journal> {
    return new Journal(store, clock, await lastSeq(store));
  }

  /** The revision of the write, or null where something changed meanwhile: then nothing was written. */
  commit(
    compares: readonly Compare[],
    writes: readonly Write[],
    about: About,
    facts: readonly Fact[],
    now: Now,
  ): Promise<number | null> {
    const turn = this.#tail.then(() => this.#write(compares, writes, about, facts, now));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** A `Recorder`, at an instant. */
  async record(compares: readonly Compare[], writes: readonly Write[], fact: Fact, now: Now): Promise<boolean> {
    return (await this.commit(compares, writes, NO_SERVICE, [fact], now)) !== null;
  }

  /** Stores how far the time has come, and nothing else. */
  async keepTime(now: Now): Promise<void> {
    await this.commit([], [], NO_SERVICE, [], now);
  }

  async #write(
    compares: readonly Compare[],
    writes: readonly Write[],
    about: About,
    facts: readonly Fact[],
    now: Now,
  ): Promise<number | null> {
    const lines = facts.map((fact, index) => lineOf(fact, about, this.#seq + 1 + index, now));
    const clock: ClockState = { ...this.#clock(), seen: now.t };
    const done = await this.#store.txn(
      [...compares, ...lines.map((line) => ({ key: journalKey(line.seq), revision: 0 }))],
      [
        ...writes,
        ...lines.map((line) => ({ put: journalKey(line.seq), value: line as unknown as Json })),
        { put: CLOCK_KEY, value: clock as unknown as Json },
      ],
    );
    if (done.ok) this.#seq += lines.length;
    else this.#seq = await lastSeq(this.#store);
    return done.ok ? done.revision : null;
  }
}

/** Number of the newest line; 0 before the first. */
export async function lastSeq(store: Store): Promise<number> {
  const [entry] = await store.list("journal/", { limit: 1, reverse: true });
  return entry === undefined ? 0 : (entry.value as unknown as EventView).seq;
}

function lineOf(fact: Fact, about: About, seq: number, now: Now): EventView {
  return {
    seq,
    at: new Date(now.wall).toISOString(),
    service: about.service,
    rollout: about.rollout,
    step: fact.step,
    kind: fact.kind,
    actor: fact.actor,
    text: fact.text,
    data: fact.data,
  };
}
