import type { Entry, Store } from "../core/ports.ts";
import type { Ms, Now } from "../core/units.ts";

/** Time and timers of a controller. A test steps its own. */
export interface Clock {
  now(): Now;
  /** Runs once, `ms` from now; the answer cancels it. */
  after(ms: Ms, run: () => void): () => void;
}

/** What a machine knows of time: `boot` is null where it cannot tell one boot from another. */
export type Machine = { readonly boot: string | null; uptimeMs(): Ms; wallMs(): Ms };

/** How controller time goes on from what was stored: `t = uptime + offset`. `seen` is the latest `t` that was stored. */
export type ClockState = { readonly boot: string | null; readonly offset: Ms; readonly seen: Ms };

export const CLOCK_KEY = "clock";

/** Longest delay that a timer of the platform takes; a longer one is waited for in pieces. */
const LONGEST_MS: Ms = 2 ** 31 - 1;

/**
 * Controller time after a start. On the same boot the machine's uptime counts, so that a dwell goes on while Sluice is
 * down; on another boot or host nothing is added, because nobody knows how long that took.
 */
export function resumeClock(stored: ClockState | null, machine: Machine): ClockState {
  const uptimeMs = machine.uptimeMs();
  if (stored === null) return { boot: machine.boot, offset: machine.wallMs() - uptimeMs, seen: machine.wallMs() };
  const same = stored.boot !== null && stored.boot === machine.boot && uptimeMs + stored.offset >= stored.seen;
  return same ? stored : { boot: machine.boot, offset: stored.seen - uptimeMs, seen: stored.seen };
}

/** Reads what was stored; the controller stores it anew with each of its writes. */
export async function readClock(store: Store): Promise<ClockState | null> {
  const entry: Entry | null = await store.get(CLOCK_KEY);
  return entry === null ? null : (entry.value as ClockState);
}

/** A clock of the platform's timers. */
export function systemClock(state: ClockState, machine: Machine): Clock {
  return {
    now: () => ({ t: machine.uptimeMs() + state.offset, wall: machine.wallMs() }),
    after(ms, run) {
      let timer: NodeJS.Timeout;
      const arm = (left: Ms) => {
        timer = setTimeout(() => (left > LONGEST_MS ? arm(left - LONGEST_MS) : run()), Math.min(left, LONGEST_MS));
      };
      arm(Math.max(0, ms));
      return () => clearTimeout(timer);
    },
  };
}
