/** Work that has begun, so that whoever owns it can wait for its end. */
export class UnderWay {
  readonly #works = new Set<Promise<unknown>>();

  /** Passes on what a work resolves or rejects with. */
  wait<T>(work: Promise<T>): Promise<T> {
    const over = work.catch(() => undefined).finally(() => this.#works.delete(over));
    this.#works.add(over);
    return work;
  }

  /** Resolves once nothing is under way. Never rejects. */
  async over(): Promise<void> {
    await Promise.all(this.#works);
  }
}
