import { once } from "node:events";
import type { Change } from "../core/ports.ts";
import type { TextWrite } from "./limits.ts";

/** How much is kept for watchers that lag behind; what is older counts as compacted. */
const MOST_CHANGES = 4_096;
const MOST_CHARACTERS = 8_000_000;

type Kept = TextWrite & { readonly revision: number };

/**
 * The newest changes of a store, in memory, and everybody who waits for the next one.
 *
 * One process drives, so all changes that a watcher can see are made here. It starts empty at the store's revision: who
 * asks for something older is told to read everything anew.
 */
export class ChangeLog {
  #kept: Kept[] = [];
  #characters = 0;
  /** Changes up to this revision are not kept. */
  #floor: number;
  #last: number;
  readonly #news = new EventTarget();
  readonly #closed = new AbortController();

  constructor(revision: number) {
    this.#floor = revision;
    this.#last = revision;
  }

  /** The revision of the newest change that is known. */
  get last(): number {
    return this.#last;
  }

  /** Takes the writes of one transaction. `before` is the store's revision when it began. */
  append(before: number, revision: number, writes: readonly TextWrite[]): void {
    // Another process wrote in between (an offline verb): what it wrote is not known here.
    if (before !== this.#last) this.#forget(before);
    this.#last = revision;
    for (const write of writes) {
      this.#kept.push({ ...write, revision });
      this.#characters += write.text?.length ?? 0;
    }
    this.#trim();
    this.#news.dispatchEvent(new Event("news"));
  }

  /** Ends every watch. */
  close(): void {
    this.#closed.abort();
  }

  async *watch(prefix: string, from: number, stop: AbortSignal): AsyncIterable<Change> {
    const signal = AbortSignal.any([stop, this.#closed.signal]);
    let seen = from;
    while (!signal.aborted) {
      // Beyond the newest: the number comes from another store, or from one that was restored.
      if (seen < this.#floor || seen > this.#last) {
        seen = this.#last;
        yield { is: "compacted", revision: seen };
        continue;
      }
      const news = this.#kept.slice(this.#after(seen)).filter(({ key }) => key.startsWith(prefix));
      seen = this.#last;
      for (const { revision, key, text } of news) {
        if (signal.aborted) return;
        yield { is: "change", revision, key, value: text === null ? null : JSON.parse(text) };
      }
      if (seen === this.#last) await this.#next(signal);
    }
  }

  async #next(signal: AbortSignal): Promise<void> {
    try {
      await once(this.#news, "news", { signal });
    } catch (error) {
      // The only way to fail is the signal, and it is how a watch ends.
      if (!signal.aborted) throw error;
    }
  }

  /** The index of the first kept change above a revision. */
  #after(revision: number): number {
    let low = 0;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#kept[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Drops the older half when there is too much, up to the end of a transaction. */
  #trim(): void {
    while (this.#kept.length > MOST_CHANGES || this.#characters > MOST_CHARACTERS) {
      const floor = this.#kept[this.#kept.length >> 1]?.revision ?? this.#last;
      const rest = this.#kept.slice(this.#after(floor));
      this.#characters = rest.reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
      this.#kept = rest;
      this.#floor = floor;
    }
  }

  #forget(revision: number): void {
    this.#kept = [];
    this.#characters = 0;
    this.#floor = revision;
  }
}
