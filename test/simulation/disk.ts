import { StoreError } from "../../src/core/errors.ts";
import type { AbortFiles, Change, Compare, Entry, Lease, Store, Write } from "../../src/core/ports.ts";
import type { Json } from "../../src/core/units.ts";

/** What outlives a crash: the store's entries and the abort files. */
export class Disk {
  readonly entries = new Map<string, Entry>();
  readonly aborts = new Set<string>();
  revision = 0;
  /** While true, every write is refused, as on a full disk. */
  refusing = false;
  /** Called around each write of a live process: throws to crash it before, or after, the write is there. */
  fault: (when: "before" | "after") => void = () => {};

  value<T>(key: string): T | null {
    return (this.entries.get(key)?.value as T | undefined) ?? null;
  }

  below<T>(prefix: string): readonly T[] {
    return [...this.entries.values()].filter((entry) => entry.key.startsWith(prefix)).map((entry) => entry.value as T);
  }
}

/** Never answers: what a crashed process waits for. */
function never<T>(): Promise<T> {
  return new Promise(() => {});
}

/** One process's view of the disk. Once the process is dead nothing that it does has an effect, or an answer. */
export class DiskStore implements Store {
  readonly #disk: Disk;
  readonly #alive: () => boolean;

  constructor(disk: Disk, alive: () => boolean) {
    this.#disk = disk;
    this.#alive = alive;
  }

  async get(key: string): Promise<Entry | null> {
    return this.#alive() ? (this.#disk.entries.get(key) ?? null) : never();
  }

  async list(prefix: string, page: { after?: string; limit?: number; reverse?: boolean } = {}): Promise<readonly Entry[]> {
    if (!this.#alive()) return never();
    const found = [...this.#disk.entries.values()]
      .filter(
        (entry) =>
          entry.key.startsWith(prefix) &&
          (page.after === undefined || (page.reverse === true ? entry.key < page.after : entry.key > page.after)),
      )
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    return (page.reverse === true ? found.reverse() : found).slice(0, page.limit ?? found.length);
  }

  async txn(compares: readonly Compare[], writes: readonly Write[]): Promise<{ ok: true; revision: number } | { ok: false }> {
    if (!this.#alive()) return never();
    const disk = this.#disk;
    if (disk.refusing) throw new StoreError("full", "the disk is full");
    disk.fault("before");
    if (!this.#alive()) return never();
    if (compares.some(({ key, revision }) => (disk.entries.get(key)?.revision ?? 0) !== revision)) return { ok: false };
    disk.revision += 1;
    for (const write of writes) {
      if ("delete" in write) disk.entries.delete(write.delete);
      else
        disk.entries.set(write.put, {
          key: write.put,
          value: JSON.parse(JSON.stringify(write.value)) as Json,
          revision: disk.revision,
        });
    }
    disk.fault("after");
    return this.#alive() ? { ok: true, revision: disk.revision } : never();
  }

  async *watch(): AsyncIterable<Change> {
    yield* [];
    await never();
  }

  async lease(): Promise<Lease> {
    return { epoch: String(this.#disk.revision), [Symbol.asyncDispose]: async () => {} };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Abort files need no room, so they work while the store refuses. */
export function diskAborts(disk: Disk, alive: () => boolean): AbortFiles {
  return {
    prepareAbort: () => {},
    recordAbort: (rollout) => void (alive() && disk.aborts.add(rollout)),
    takeAborts: () => [...disk.aborts].sort(),
    clearAbort: (rollout) => void (alive() && disk.aborts.delete(rollout)),
  };
}
