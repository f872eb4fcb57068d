import type { Clock } from "../../src/controller/clock.ts";
import type { Ms, Now } from "../../src/core/units.ts";

type Timer = { readonly at: Ms; readonly order: number; readonly owner: object; readonly run: () => void };

const WALL_START = 1_700_000_000_000;

/** A log that nobody reads. */
export const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Time that goes on only when told to. Each process gets a clock of its own, whose timers end with it. */
export class Timeline {
  t: Ms = WALL_START;
  #order = 0;
  #timers: Timer[] = [];

  clock(owner: object): Clock {
    return {
      now: (): Now => ({ t: this.t, wall: this.t }),
      after: (ms, run) => {
        const timer: Timer = { at: this.t + Math.max(0, ms), order: this.#order++, owner, run };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((one) => one !== timer);
        };
      },
    };
  }

  end(owner: object): void {
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner);
  }

  /** Goes to the next timer that is due by `until`, and runs all that are due then; false where there is none. */
  async step(until: Ms): Promise<boolean> {
    const next = Math.min(...this.#timers.map((timer) => timer.at));
    if (next > until) {
      this.t = until;
      return false;
    }
    this.t = Math.max(this.t, next);
    const due = this.#timers.filter((timer) => timer.at <= this.t).sort((a, b) => a.at - b.at || a.order - b.order);
    for (const timer of due) {
      if (!this.#timers.includes(timer)) continue;
      this.#timers = this.#timers.filter((one) => one !== timer);
      timer.run();
      await quiet();
    }
    return true;
  }
}

/** Waits until every promise that can go on has gone on. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
