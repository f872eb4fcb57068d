import { StoreError } from "../core/errors.ts";
import type { AbortFiles, Log, Store } from "../core/ports.ts";
import type { Fact } from "../core/rollout.ts";
import type { ServiceSettings } from "../core/service.ts";
import type { Now } from "../core/units.ts";
import type { Journal } from "./journal.ts";
import { isOver, loadRecord, type ServiceRecord, type Stored, saveRecord } from "./record.ts";

export type SavingDeps = {
  readonly store: Store;
  readonly journal: Journal;
  readonly aborts: AbortFiles;
  readonly log: Log;
  readonly epoch: string;
};

/** Somebody else wrote the same record again and again: not one process drives. */
const MOST_TRIES = 5;

/** What the store holds of one service, and what happened that it does not hold yet. */
export class SavedRecord {
  readonly #deps: SavingDeps;
  #stored: Stored;
  /** Facts of aborts that the store refused. */
  #unsaved: readonly Fact[] = [];
  #refused: string | null = null;

  constructor(deps: SavingDeps, stored: Stored) {
    this.#deps = deps;
    this.#stored = stored;
  }

  /** The record as it is stored. */
  get record(): ServiceRecord {
    return this.#stored.record;
  }

  /** Why the store does not take an abort that is under way; null where it has all there is. */
  get refused(): string | null {
    return this.#refused;
  }

  get #service(): string {
    return this.record.route.service;
  }

  /** False where somebody else wrote meanwhile: then `record` is what that was. */
  async save(next: ServiceRecord, facts: readonly Fact[], now: Now, settings: ServiceSettings): Promise<boolean> {
    const saved = await saveRecord(this.#deps.journal, this.#stored, next, facts, now, settings);
    if (saved === null) {
      this.#stored = await loadRecord(this.#deps.store, settings, this.#deps.epoch);
      return false;
    }
    const before = this.record.rollout;
    this.#stored = saved;
    if (next.rollout !== null && isOver(next.rollout) && next.rollout !== before) this.#forgetAbort(next);
    return true;
  }

  /** Saves an abort that is under way already. True where the store took it; else a file remembers it. */
  async saveAbort(record: ServiceRecord, facts: readonly Fact[], now: Now, settings: ServiceSettings): Promise<boolean> {
    this.#unsaved = [...this.#unsaved, ...facts];
    try {
      await this.catchUp(record, now, settings);
      return true;
    } catch (error) {
      this.#refused = error instanceof Error ? error.message : String(error);
      this.#rememberAbort(record, error);
      return false;
    }
  }

  /** Saves what the store refused. Rejects while it still does; nothing else may be written before it. */
  async catchUp(record: ServiceRecord, now: Now, settings: ServiceSettings): Promise<void> {
    if (this.#unsaved.length === 0) return;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (!(await this.save(record, this.#unsaved, now, settings))) continue;
      this.#unsaved = [];
      this.#refused = null;
      this.#forgetAbort(record);
      return;
    }
    throw somebodyElse(this.#service);
  }

  #rememberAbort({ rollout }: ServiceRecord, cause: unknown): void {
    const { log, aborts } = this.#deps;
    const service = this.#service;
    log.error("an abort is under way although the store refused it; it is saved as soon as the store takes it", {
      service,
      error: String(cause),
    });
    try {
      if (rollout !== null) aborts.recordAbort(rollout.id);
    } catch (error) {
      log.error("the abort could not be remembered in a file either: it is lost if Sluice ends before the store is back", {
        service,
        error: String(error),
      });
    }
  }

  /** The abort is in the store, or the rollout is over: a file that is left would undo a later retry. */
  #forgetAbort({ rollout }: ServiceRecord): void {
    if (rollout === null) return;
    try {
      this.#deps.aborts.clearAbort(rollout.id);
      if (!isOver(rollout)) this.#deps.aborts.prepareAbort(rollout.id);
    } catch (error) {
      this.#deps.log.error("the file of an abort that is stored could not be removed", {
        service: this.#service,
        error: String(error),
      });
    }
  }
}

/** What is wrong where a record was written by somebody else each time it was to be saved. */
export function somebodyElse(service: string): StoreError {
  return new StoreError("unavailable", `${service}: somebody else keeps writing its state; is another controller running?`);
}
