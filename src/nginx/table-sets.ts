import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Ms } from "../core/units.ts";
import { building, isWhole, type Part, removing } from "./buckets.ts";
import { type Pieces, SpareTime } from "./spare-time.ts";

/** How long a replaced directory stays: a worker may be between two components of its path. Measured: removed at once, 14 misses in 1.95 million. */
const KEEP_MS: Ms = 1_000;
/** The folder that holds the directories that were built for one share each. */
export const SETS = "sets";

/** A directory that somebody is about to want: `work` is what is left to do of it. */
type Ahead = { readonly table: string; readonly part: Part; readonly target: string; readonly work: Pieces };

/** The directories of tables that hold a part of the buckets: built when they are wanted, or ahead of it in spare time. */
export class TableSets implements Disposable {
  readonly #folder: string;
  readonly #spare = new SpareTime();
  readonly #timers = new Set<NodeJS.Timeout>();
  #ahead: readonly Ahead[] = [];
  #next: number;

  /** `next` is the first number that no directory below `folder` has. */
  constructor(folder: string, next: number) {
    this.#folder = folder;
    this.#next = next;
  }

  /**
   * A complete directory, which is the caller's from now on: the one that was built ahead where there is one. A link to it lies
   * ready at `linkTo`, to be renamed.
   */
  take(table: string, part: Part): string {
    const ready = this.#ahead.find((one) => one.table === table && samePart(one.part, part));
    if (ready !== undefined) {
      this.#ahead = this.#ahead.filter((one) => one !== ready);
      this.#finish(ready);
      if (isWhole(join(this.#folder, ready.target), part)) return ready.target;
      this.#remove(ready.target);
    }
    const fresh = this.#begin(table, part);
    this.#finish(fresh);
    return fresh.target;
  }

  /** Builds these in spare time, and removes what was built ahead and is not among them. */
  prepare(wanted: readonly { readonly table: string; readonly part: Part }[]): void {
    const isSame = (one: Ahead, { table, part }: { table: string; part: Part }) =>
      one.table === table && samePart(one.part, part);
    for (const one of this.#ahead.filter((known) => !wanted.some((other) => isSame(known, other)))) {
      one.work.return(undefined);
      this.#remove(one.target);
    }
    this.#ahead = wanted.map((one) => this.#ahead.find((known) => isSame(known, one)) ?? this.#later(one.table, one.part));
  }

  linkTo(target: string): string {
    return join(this.#folder, `.next-${target.slice(SETS.length + 1)}`);
  }

  /** Removes a directory that no table points to any more, once nobody can be on the way through it. */
  removeLater(target: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#remove(target);
    }, KEEP_MS);
    timer.unref();
    this.#timers.add(timer);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#spare[Symbol.dispose]();
  }

  #begin(table: string, part: Part): Ahead {
    const target = `${SETS}/${table}.${this.#next++}`;
    return { table, part, target, work: this.#building(target, part) };
  }

  *#building(target: string, part: Part): Pieces {
    yield* building(join(this.#folder, target), join(this.#folder, "full"), part);
    yield;
    symlinkSync(target, this.linkTo(target));
  }

  *#removing(target: string): Pieces {
    rmSync(this.linkTo(target), { force: true });
    yield* removing(join(this.#folder, target));
  }

  #finish({ work, target }: Ahead): void {
    try {
      while (work.next().done === false);
    } catch (error) {
      this.#remove(target);
      throw error;
    }
  }

  #later(table: string, part: Part): Ahead {
    const ahead = this.#begin(table, part);
    this.#spare.add(quietly(ahead.work));
    return ahead;
  }

  #remove(target: string): void {
    this.#spare.add(quietly(this.#removing(target)));
  }
}

/** What cannot be built ahead is built when it is wanted, and says then why it cannot; what cannot be removed is swept up at the next start. */
function* quietly(work: Pieces): Pieces {
  try {
    yield* work;
  } catch {
    // Told of by whoever needs it.
  }
}

function samePart(a: Part, b: Part): boolean {
  return a.bp === b.bp && a.seed === b.seed;
}
