import type { Bp, Ms } from "./units.ts";

/** `n` requests, of which `x` failed, or were slower than they may be. */
export type Count = { readonly n: number; readonly x: number };

/** The numbers that a verdict was said from. Logarithms are natural; null stands for what the rule has not, or for what is not known. */
export type Basis = {
  /** The time that was looked at, controller time. */
  readonly from: Ms | null;
  readonly to: Ms | null;
  /** Evidence windows of this step that were full. */
  readonly windows: number | null;
  readonly canary: Count | null;
  readonly stable: Count | null;
  /** The part of the requests that was counted, in basis points: counts are of that part alone. Null where it was all of them. */
  readonly sample: Bp | null;
  /** Of latencies: `x` counts requests that took longer than this. */
  readonly slowMs: number | null;
  /** Evidence against the candidate, and how much fails it. */
  readonly logHarm: number | null;
  readonly logHarmNeeded: number | null;
  /** Evidence for it since the step began, and how much passes it. */
  readonly logHealthy: number | null;
  readonly logHealthyNeeded: number | null;
  readonly needed: Needed | null;
};

/** What is still missing until a check can pass, if all goes on as it does; null where that is not known. */
export type Needed = { readonly requests: number | null; readonly ms: Ms | null };
