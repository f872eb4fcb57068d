/** Work in pieces of well below a millisecond: it may be interrupted wherever it yields. */
export type Pieces = Generator<undefined, void>;

/**
 * Does work piece by piece, in the order in which it came, whenever there is nothing else to do.
 *
 * A swap of a table, which may come at any time, waits for one piece at most.
 */
export class SpareTime implements Disposable {
  readonly #work: Pieces[] = [];
  #next: NodeJS.Immediate | null = null;

  /** `work` must not throw: nobody waits for it who could be told. */
  add(work: Pieces): void {
    this.#work.push(work);
    this.#schedule();
  }

  /** What is not done by then stays undone. */
  [Symbol.dispose](): void {
    if (this.#next !== null) clearImmediate(this.#next);
    this.#work.length = 0;
  }

  #schedule(): void {
    if (this.#next !== null || this.#work.length === 0) return;
    this.#next = setImmediate(() => {
      this.#next = null;
      if (this.#work[0]?.next().done !== false) this.#work.shift();
      this.#schedule();
    });
  }
}
