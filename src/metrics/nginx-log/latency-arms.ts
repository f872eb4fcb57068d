import type { Arms, Both } from "../../core/ports.ts";
import type { Ms } from "../../core/units.ts";
import { poolsWithin } from "./pools.ts";

/**
 * The latencies of both pools from `from` up to where the log is complete, null where there is nothing new. Stable's are as they
 * were, the candidate's divided by 1 + margin before they were counted.
 */
export function latencyArms({ canary, stable }: Both, from: Ms, margin: number): Arms | null {
  const window = poolsWithin(canary.evidence, from, Number.POSITIVE_INFINITY);
  if (window === null) return null;
  return {
    from: window.from,
    to: window.to,
    of: "latencies",
    canary: window.pools[canary.pool]?.eased[String(margin)] ?? [],
    stable: window.pools[stable.pool]?.latencies ?? [],
  };
}
