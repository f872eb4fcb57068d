import type { Ms } from "../core/units.ts";

/** The clock and the chance that retries and signatures are made with. */
export type Times = {
  /** Milliseconds since 1970. */
  wall(): Ms;
  /** From 0 to 1. */
  random(): number;
  /** Resolves after a time, or as soon as `signal` aborts. */
  wait(ms: Ms, signal: AbortSignal): Promise<void>;
};
