import type { Entry, Store } from "../../src/core/ports.ts";
import type { Json } from "../../src/core/units.ts";

/** A store without a disk: what the API keeps in it is asked for by key alone. */
export class MemoryStore implements Store {
  readonly kept = new Map<string, Entry>();
  /** Thrown by every call, where a test put it there. */
  fails: Error | null = null;
  #revision = 0;

  async get(key: string): Promise<Entry | null> {
    this.#fail();
    return this.kept.get(key) ?? null;
  }

  async list(prefix: string): Promise<readonly Entry[]> {
    this.#fail();
    return [...this.kept.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  async txn(...[compares, writes]: Parameters<Store["txn"]>): ReturnType<Store["txn"]> {
    this.#fail();
    if (compares.some(({ key, revision }) => (this.kept.get(key)?.revision ?? 0) !== revision)) return { ok: false };
    this.#revision += 1;
    for (const write of writes) {
      if ("delete" in write) this.kept.delete(write.delete);
      else
        this.kept.set(write.put, {
          key: write.put,
          value: JSON.parse(JSON.stringify(write.value)) as Json,
          revision: this.#revision,
        });
    }
    return { ok: true, revision: this.#revision };
  }

  watch(): never {
    throw new Error("nobody watches here");
  }

  async lease(): Promise<never> {
    throw new Error("nobody drives here");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kept.clear();
  }

  #fail(): void {
    if (this.fails !== null) throw this.fails;
  }
}
