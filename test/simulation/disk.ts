import { StoreError } from "../../src/core/errors.ts";
import type { AbortFiles, Change, Compare, Entry, Lease, Store, Write } from "../../src/core/ports.ts";
import type { Json } from "../../src/core/units.ts";

/** What outlives a crash: the store's entries and the abort files. */
export class Disk {
  /** By the first part of the key, so that looking at one kind of entry costs nothing for the others. */
  readonly #families = new Map<string, Map<string, Entry>>();
  readonly aborts = new Set<string>();
  revision = 0;
  /** While true, every write is refused, as on a full disk. */
  refusing = false;
  /** Called around each write of a live process: throws to crash it before, or after, the write is there. */
  fault: (when: "before" | "after") => void = () => {};
  /** Called with each transaction once it is there, whoever hears of it. */
  written: (writes: readonly Write[]) => void = () => {};

  value<T>(key: string): T | null {
    return (this.entry(key)?.value as T | undefined) ?? null;
  }

  entry(key: string): Entry | null {
    return this.#familyOf(key).get(key) ?? null;
  }

  /** In the order in which they were first written. */
  below<T>(prefix: string): readonly T[] {
    return this.entriesBelow(prefix).map((entry) => entry.value as T);
  }

  entriesBelow(prefix: string): readonly Entry[] {
    return [...this.#familyOf(prefix).values()].filter((entry) => entry.key.startsWith(prefix));
  }

  write(writes: readonly Write[]): void {
    this.revision += 1;
    for (const write of writes) {
      if ("delete" in write) this.#familyOf(write.delete).delete(write.delete);
      else {
        const value = JSON.parse(JSON.stringify(write.value)) as Json;
        this.#familyOf(write.put).set(write.put, { key: write.put, value, revision: this.revision });
      }
    }
    this.written(writes);
  }

  #familyOf(key: string): Map<string, Entry> {
    const slash = key.indexOf("/");
    const name = slash < 0 ? key : key.slice(0, slash);
    const known = this.#families.get(name) ?? new Map<string, Entry>();
    this.#families.set(name, known);
    return known;
  }
}

/** Never answers: what a crashed process waits for. */
function never<T>(): Promise<T> {
  return new Promise(() => {});
}

/** etcd's limits, which every store has. */
const MOST_OPERATIONS = 128;

/** One process's view of the disk. Once the process is dead nothing that it does has an effect, or an answer. */
export class DiskStore implements Store {
  readonly #disk: Disk;
  readonly #alive: () => boolean;
  readonly #late: () => Promise<void> | null;

  /** `late` is waited for before a write is there, and again before its answer is. */
  constructor(disk: Disk, alive: () => boolean, late: () => Promise<void> | null = () => null) {
    this.#disk = disk;
    this.#alive = alive;
    this.#late = late;
  }

  async get(key: string): Promise<Entry | null> {
    return this.#alive() ? this.#disk.entry(key) : never();
  }

  async list(prefix: string, page: { after?: string; limit?: number; reverse?: boolean } = {}): Promise<readonly Entry[]> {
    if (!this.#alive()) return never();
    const { after, limit, reverse = false } = page;
    const found = this.#disk
      .entriesBelow(prefix)
      .filter((entry) => after === undefined || (reverse ? entry.key < after : entry.key > after))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    return (reverse ? found.reverse() : found).slice(0, limit ?? found.length);
  }

  async txn(compares: readonly Compare[], writes: readonly Write[]): Promise<{ ok: true; revision: number } | { ok: false }> {
    if (compares.length >= MOST_OPERATIONS || writes.length > MOST_OPERATIONS)
      throw new RangeError("the transaction is too large");
    const late = this.#late();
    if (late !== null) await late;
    if (!this.#alive()) return never();
    const disk = this.#disk;
    if (disk.refusing) throw new StoreError("full", "the disk is full");
    disk.fault("before");
    if (!this.#alive()) return never();
    if (compares.some(({ key, revision }) => (disk.entry(key)?.revision ?? 0) !== revision)) return { ok: false };
    disk.write(writes);
    const { revision } = disk;
    disk.fault("after");
    if (late !== null) await this.#late();
    return this.#alive() ? { ok: true, revision } : never();
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
