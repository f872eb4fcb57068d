import type { Log, Store, Write } from "../core/ports.ts";
import { becameStable, type Revision } from "../core/revision.ts";
import type { Ms, ServiceName } from "../core/units.ts";
import type { EventView } from "../core/view.ts";
import type { Cell } from "./cell.ts";
import type { Clock } from "./clock.ts";
import { revisionsOf } from "./history.ts";
import { journalKey } from "./journal.ts";
import { hookRunsPrefix } from "./record.ts";

/** How much of what is over is kept: lines of the journal of all services, and rollouts of each. */
export type History = { readonly events: number; readonly rollouts: number };

/** What retention has to know of a service: numbers of its newest rollout and revision, and whether that rollout is under way. */
export type Past = {
  readonly service: ServiceName;
  readonly count: number;
  readonly revision: number;
  readonly running: boolean;
};

export function pastOf({ settings, record, rollout }: Cell): Past {
  const { count, revision } = record.state;
  return { service: settings.name, count, revision, running: rollout !== null };
}

export type RetentionDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly history: History;
  past(): readonly Past[];
};

const EVERY_MS: Ms = 30_000;
/** Between two transactions, so that what moves traffic never waits long for its turn. */
const APART_MS: Ms = 20;
/** As many writes as a transaction may have, in every store. */
const BATCH = 128;
/** What is stable, and what was before it. */
const STABLE_KEPT = 2;

/**
 * Forgets what is over, the oldest first, in small transactions in the background: lines of the journal, rollouts with what was read
 * for them, and revisions. The rollout under way and the newest one that ended are always kept, and what an undo needs.
 */
export class Retention {
  readonly #deps: RetentionDeps;
  /** Rollouts of a service up to this number are gone already. */
  readonly #gone = new Map<ServiceName, number>();
  #stopped = false;
  #cancel = () => {};

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#after(EVERY_MS);
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** Forgets one batch; true where there is more to forget. */
  async prune(): Promise<boolean> {
    const { store } = this.#deps;
    const old = await this.#oldest();
    if (old.length === 0) return false;
    const writes = old.slice(0, BATCH).map((key): Write => ({ delete: key }));
    await store.txn([], writes);
    return true;
  }

  #after(ms: Ms): void {
    this.#cancel = this.#deps.clock.after(ms, () => void this.#round());
  }

  async #round(): Promise<void> {
    let more = false;
    try {
      more = await this.prune();
    } catch (error) {
      this.#deps.log.warn("old events and rollouts could not be removed; trying again", { error: String(error) });
    }
    if (!this.#stopped) this.#after(more ? APART_MS : EVERY_MS);
  }

  /** Keys to forget now, the oldest first: of the first kind that has any. */
  async #oldest(): Promise<readonly string[]> {
    const events = await this.#oldEvents();
    if (events.length > 0) return events;
    for (const past of this.#deps.past()) {
      const keys = [...(await this.#oldRollouts(past)), ...(await this.#oldRevisions(past))];
      if (keys.length > 0) return keys;
    }
    return [];
  }

  async #oldEvents(): Promise<readonly string[]> {
    const { store, history } = this.#deps;
    const [[first], [last]] = await Promise.all([
      store.list("journal/", { limit: 1 }),
      store.list("journal/", { limit: 1, reverse: true }),
    ]);
    if (first === undefined || last === undefined) return [];
    const from = seqOf(first.value);
    const many = Math.min(BATCH, seqOf(last.value) - from + 1 - history.events);
    return Array.from({ length: Math.max(0, many) }, (_, index) => journalKey(from + index));
  }

  /** One rollout a time, with all that was read for it. */
  async #oldRollouts({ service, count, running }: Past): Promise<readonly string[]> {
    const { store, history } = this.#deps;
    const newest = count - (running ? 1 : 0) - history.rollouts;
    for (let number = (this.#gone.get(service) ?? 0) + 1; number <= newest; number++) {
      const id = `${service}-${number}`;
      const found = await Promise.all([
        store.list(`evidence/${id}/`, { limit: BATCH }),
        store.list(`windows/${id}/`, { limit: BATCH }),
        store.list(hookRunsPrefix(id), { limit: BATCH }),
        store.get(`rollouts/${id}`),
      ]);
      const keys = found.flatMap((entries) =>
        entries === null ? [] : "key" in entries ? [entries.key] : entries.map((one) => one.key),
      );
      if (keys.length > 0) return keys;
      this.#gone.set(service, number);
    }
    return [];
  }

  async #oldRevisions({ service, revision }: Past): Promise<readonly string[]> {
    const { store, history } = this.#deps;
    const entries = await store.list(`revisions/${service}/`, { limit: BATCH });
    const old = entries.flatMap(({ key }) => (numberIn(key) <= revision - history.rollouts ? key : []));
    if (old.length === 0) return [];
    const kept = await this.#stable(service, STABLE_KEPT);
    return old.filter((key) => !kept.includes(numberIn(key)));
  }

  /** The newest revisions that were stable: without them nothing could be undone, however many were reverted since. */
  async #stable(service: ServiceName, many: number): Promise<readonly number[]> {
    const found: number[] = [];
    for (let before: number | null = null; found.length < many; ) {
      const page: readonly Revision[] = await revisionsOf(this.#deps.store, service, { limit: BATCH, before });
      found.push(...page.filter(becameStable).map(({ number }) => number));
      if (page.length < BATCH) break;
      before = page.at(-1)?.number ?? 0;
    }
    return found.slice(0, many);
  }
}

function numberIn(key: string): number {
  return Number(key.slice(key.lastIndexOf("/") + 1));
}

function seqOf(value: unknown): number {
  return (value as EventView).seq;
}
