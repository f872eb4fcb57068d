import type { Ms } from "../core/units.ts";

/** Forward changes stop here: every lingering generation holds a whole set of workers. */
const MOST_LINGERING = 6;
/** nginx quits its workers and starts none above 1 024 processes, which is an outage; this leaves room for one more set. */
const MOST_PROCESSES = 900;
const LEAST_BETWEEN_MS: Ms = 1_000;
/** A reload takes a share of the machine for as long as it lasts: never more than a third of the time. */
const TIMES_LAST_APPLY = 3;

export type Pace = {
  readonly now: Ms;
  /** When the last signal was sent; null before the first. */
  readonly signalledAt: Ms | null;
  /** How long the last apply took, from its signal to its proof. */
  readonly tookMs: Ms;
  readonly lingering: number;
  readonly processes: number;
  /** Workers that one more generation brings. */
  readonly workers: number;
  readonly urgent: boolean;
};

/** `untilMs` is when to look again at the latest; null where only nginx can end the wait. */
export type Turn = { readonly is: "go" } | { readonly is: "wait"; readonly forMs: Ms | null; readonly why: string };

/** Whether nginx can take a reload now. A way back is not paced: it stops only where nginx could start no workers. */
export function turn(pace: Pace): Turn {
  if (pace.processes + pace.workers > MOST_PROCESSES)
    return hold(null, `nginx has ${pace.processes} processes, and starts none above 1024; it waits for old connections to end`);
  if (pace.urgent) return { is: "go" };
  if (pace.lingering >= MOST_LINGERING)
    return hold(
      null,
      `${pace.lingering} earlier generations of nginx still serve old connections; it waits until fewer than ${MOST_LINGERING} do`,
    );
  if (pace.signalledAt === null) return { is: "go" };
  const betweenMs = Math.max(LEAST_BETWEEN_MS, TIMES_LAST_APPLY * pace.tookMs);
  const forMs = pace.signalledAt + betweenMs - pace.now;
  return forMs <= 0 ? { is: "go" } : hold(forMs, `the next reload may start ${Math.round(betweenMs)} ms after the last`);
}

function hold(forMs: Ms | null, why: string): Turn {
  return { is: "wait", forMs, why };
}
