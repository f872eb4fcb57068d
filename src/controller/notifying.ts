import type { Notice, Notifier } from "../core/notify.ts";
import { occasionOf } from "../core/notify.ts";
import type { Log, Notify, Store } from "../core/ports.ts";
import type { Rollout } from "../core/rollout.ts";
import type { Ms } from "../core/units.ts";
import type { EventView } from "../core/view.ts";
import type { Clock } from "./clock.ts";
import { listEvents } from "./events.ts";
import { lastSeq } from "./journal.ts";

export type NotifyingDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly notify: Notify;
  readonly notifiers: readonly Notifier[];
};

const LOOK_EVERY_MS: Ms = 1_000;
const AGAIN_MS: Ms = 1_000;
/** Events that are read at once; no more are held for a receiver that is slow. */
const PAGE = 100;
/** What nobody took for so long is no news any more, and would hold up what is. */
const MOST_LATE_MS: Ms = 3_600_000;

const EVERYTHING = { service: null };

/**
 * Tells each receiver what it wants to know of the journal, one message after the other, from where it was told last.
 *
 * That place is stored once a message is told or given up, so that a restart leaves none out; the one that was under way comes again,
 * with the same id. A receiver waits for itself alone, and nothing waits for a receiver.
 */
export class Notifying implements Disposable {
  readonly #deps: NotifyingDeps;
  readonly #stop = new AbortController();

  constructor(deps: NotifyingDeps) {
    this.#deps = deps;
  }

  /** A receiver that was not told anything before hears of what happens from here on. */
  start(): void {
    const { notifiers } = this.#deps;
    const { signal } = this.#stop;
    for (const [index, notifier] of notifiers.entries()) {
      const same = notifiers.slice(0, index).filter(({ name }) => name === notifier.name).length;
      this.#serve(notifier, placeKey(notifier.name, same), signal).catch((error: unknown) => {
        if (!signal.aborted) this.#deps.log.error(`${notifier.name} is told nothing any more`, { error: String(error) });
      });
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  /** Rejects once `signal` aborts. */
  async #serve(notifier: Notifier, key: string, signal: AbortSignal): Promise<void> {
    const { store } = this.#deps;
    let seq = await this.#insist(() => placeOf(store, key), notifier, signal);
    let stored = seq;
    for (;;) {
      const from = seq;
      const events = await this.#insist(() => listEvents(store, EVERYTHING, { after: from, limit: PAGE }), notifier, signal);
      for (const event of events) {
        const told = await this.#tell(notifier, event, signal);
        seq = event.seq;
        if (!told && seq - stored < PAGE) continue;
        stored = seq;
        await this.#insist(() => keepPlace(store, key, stored), notifier, signal);
      }
      if (events.length < PAGE) await this.#pause(LOOK_EVERY_MS, signal);
    }
  }

  /** False where there was nothing to tell. Rejects once `signal` aborts. */
  async #tell(notifier: Notifier, event: EventView, signal: AbortSignal): Promise<boolean> {
    const { store, clock, log, notify } = this.#deps;
    const occasion = occasionOf(event);
    const { rollout: id, service } = event;
    const wanted = notifier.services === null || notifier.services.includes(service);
    if (occasion === null || id === null || !wanted || !notifier.on.includes(occasion)) return false;
    const about = { to: notifier.name, event: event.seq, rollout: id };
    if (clock.now().wall - Date.parse(event.at) > MOST_LATE_MS) {
      log.warn(`${notifier.name} was not told of ${service} (${occasion}): it is too long ago`, about);
      return true;
    }
    const rollout = await this.#insist(() => store.get(`rollouts/${id}`), notifier, signal);
    if (rollout === null) return false;
    const end = await notify(notifier, noticeOf(occasion, event, rollout.value as unknown as Rollout), signal);
    // Half a message is none: it comes again.
    signal.throwIfAborted();
    if (!end.ok) log.warn(`${notifier.name} could not be told of ${service} (${occasion}): ${end.text}`, about);
    return true;
  }

  /** Does again what the store refuses. Rejects once `signal` aborts. */
  async #insist<T>(work: () => Promise<T>, { name }: Notifier, signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        this.#deps.log.error(`${name} has to wait for the store; trying again`, { error: String(error) });
        await this.#pause(AGAIN_MS, signal);
      }
    }
  }

  /** Ends early where `signal` aborts. */
  #pause(ms: Ms, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = () => {
        cancel();
        signal.removeEventListener("abort", over);
        resolve();
      };
      const cancel = this.#deps.clock.after(ms, over);
      signal.addEventListener("abort", over);
    });
  }
}

/** Where it is kept which event a receiver was told last. Receivers of one name are told apart by their order. */
function placeKey(name: string, same: number): string {
  return `notified/${name.replace(/[^A-Za-z0-9._:-]/g, "_")}${same === 0 ? "" : `:${same + 1}`}`;
}

async function placeOf(store: Store, key: string): Promise<number> {
  const entry = await store.get(key);
  if (entry !== null) return (entry.value as { readonly seq: number }).seq;
  const seq = await lastSeq(store);
  await keepPlace(store, key, seq);
  return seq;
}

async function keepPlace(store: Store, key: string, seq: number): Promise<void> {
  await store.txn([], [{ put: key, value: { seq } }]);
}

function noticeOf(occasion: Notice["occasion"], event: EventView, rollout: Rollout): Notice {
  const { id, strategy, version, from, to, plan, startedAt } = rollout;
  const step = event.step === null ? null : (plan[event.step]?.label ?? null);
  // Events are numbered anew where the state is lost, and who was given an id may remember it.
  return { occasion, event, id: `${startedAt.toString(36)}.${event.seq}`, rollout: id, strategy, version, from, to, step };
}
