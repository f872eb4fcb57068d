import { type Aftermath, decideAftermath, observeAftermath, observeAftermathRead, startAftermath } from "./aftermath.ts";
import { NO_COMPARISON } from "./comparison.ts";
import type { Counts } from "./counts.ts";
import { smallestRate } from "./power.ts";
import type { RatioRule } from "./ratio.ts";

/** What is expected where all the traffic is on the canary: its requests a second, and what stable did in the windows before. */
export type Alone = { readonly canaryPerS: number; readonly stable: Counts; readonly windows: number };

export type AloneRule = { readonly allowed: RatioRule; readonly alpha: number };

/**
 * The smallest failure rate of the canary that is expected to revert within `ms` by what was recorded of stable; null where only an outage
 * would be quick enough, or nothing was recorded. As `smallestDetectable`, with the guarded process of the aftermath.
 */
export function smallestDetectableAlone(rule: AloneRule, alone: Alone, ms: number, windowMs: number): number | null {
  const windows = Math.floor(ms / windowMs);
  const isDetected = (rate: number) => detects(rule, alone, rate, windows, windowMs / 1000);
  return windows === 0 ? null : smallestRate(isDetected);
}

/** The most requests that a canary which fails all of them costs there, as `mostLost`; null where nothing was recorded, or it never shows. */
export function mostLostAlone(rule: AloneRule, alone: Alone, scrapeMs: number, reactMs: number): number | null {
  const n = (alone.canaryPerS * scrapeMs) / 1000;
  let state = begun(rule, alone);
  for (let scrapes = 1; scrapes <= MOST_SCRAPES; scrapes += 1) {
    state = observeAftermathRead(state, rule.allowed, { n, x: n });
    if (state.outage) return Math.ceil((alone.canaryPerS * (scrapes * scrapeMs + reactMs)) / 1000);
  }
  return null;
}

const MOST_SCRAPES = 1_000;

function detects(rule: AloneRule, alone: Alone, rate: number, windows: number, seconds: number): boolean {
  const n = alone.canaryPerS * seconds;
  let state = begun(rule, alone);
  for (let window = 1; window <= windows; window += 1) {
    state = observeAftermath(state, rule.allowed, { n, x: n * rate });
    if (decideAftermath(state, rule.alpha).is === "revert") return true;
  }
  return false;
}

/** With the scatter between windows that independent failures have on average: a chi-square of one less than there are windows. */
function begun({ alpha }: AloneRule, { stable, windows }: Alone): Aftermath {
  const stableSquares = stable.n === 0 ? 0 : ((stable.x + Math.max(0, windows - 1)) * stable.x) / stable.n;
  const rollout = { ...NO_COMPARISON.rollout, stable, windows };
  return startAftermath({ ...NO_COMPARISON, rollout, stableSquares }, alpha);
}
