import { setImmediate as turn } from "node:timers/promises";

/**
 * Has work that never waits for anything give way: a thousand transactions, each begun by the end of the one before, would hold up
 * every answer, timer and signal until the last of them.
 */
export class Turns {
  readonly #longestMs: number;
  /** Since when there has been work without a turn for others; null where they had it. */
  #since: number | null = null;
  #others: Promise<void> = Promise.resolve();
  #last: Promise<void> = Promise.resolve();

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Resolves when the caller may go on, in the order in which callers came. Never rejects. */
  mine(): Promise<void> {
    this.#last = this.#last.then(() => this.#wait());
    return this.#last;
  }

  async #wait(): Promise<void> {
    if (this.#since !== null && performance.now() - this.#since > this.#longestMs) await this.#others;
    if (this.#since !== null) return;
    this.#since = performance.now();
    this.#others = turn().then(() => {
      this.#since = null;
    });
  }
}
