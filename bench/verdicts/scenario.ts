import type { Window } from "../../src/analysis/counts.ts";
import type { Random } from "./random.ts";

/** One column of the tables: what both arms do for an hour. Rates are parts of the requests. */
export type Scenario = {
  readonly id: string;
  readonly title: string;
  readonly canaryPerMinute: number;
  readonly stableRate: number;
  /** The canary's rate from `fromMinute` on; the same as stable's where it is healthy. */
  readonly canaryRate: number;
  readonly fromMinute: number;
  /** Coefficient of variation of the canary's rate between minutes; 0 where it is steady. */
  readonly variation: number;
  /** Minutes (from, to) in which both arms fail ten times as often. */
  readonly incident: readonly [number, number] | null;
};

export const MINUTES = 60;

/** 5 % of the traffic go to the canary. */
export const STABLE_PER_CANARY = 19;

const PLAIN = { fromMinute: 0, variation: 0, incident: null };

function healthy(id: string, title: string, rate: number, more: Partial<Scenario> = {}): readonly Scenario[] {
  return [100, 1_000].map((canaryPerMinute) => ({
    id: `${id}@${canaryPerMinute}`,
    title,
    canaryPerMinute,
    stableRate: rate,
    canaryRate: rate,
    ...PLAIN,
    ...more,
  }));
}

function bad(title: string, stableRate: number, canaryRate: number, more: Partial<Scenario> = {}): Scenario {
  return { id: title, title, canaryPerMinute: 100, stableRate, canaryRate, ...PLAIN, ...more };
}

export const HEALTHY: readonly Scenario[] = [
  ...healthy("0.1%", "0.1 %", 0.001),
  ...healthy("1%", "1 %", 0.01),
  ...healthy("2%", "2 %", 0.02),
  ...healthy("incident", "shared incident", 0.01, { incident: [20, 25] }),
  ...healthy("bursty", "bursty", 0.01, { variation: 0.5 }),
  ...healthy("benign", "benign +5 %", 0.01, { canaryRate: 0.0105 }),
];

export const BAD: readonly Scenario[] = [
  bad(".1 to .2 %", 0.001, 0.002),
  bad(".1 to 1 %", 0.001, 0.01),
  bad("1 to 2 %", 0.01, 0.02),
  bad("1 to 5 %", 0.01, 0.05),
  bad(".1 to .2 % at 1 000/min", 0.001, 0.002, { canaryPerMinute: 1_000 }),
  bad(".1 to 1 % from minute 30", 0.001, 0.01, { fromMinute: 30 }),
];

/** What the aims leave out, and where the two guards differ most: stronger bursts, and small differences between many failures. */
export const BEYOND: readonly Scenario[] = [
  bad("healthy, CV .5 at 2 %", 0.02, 0.02, { canaryPerMinute: 1_000, variation: 0.5 }),
  bad("healthy, CV 1 at 1 %", 0.01, 0.01, { canaryPerMinute: 1_000, variation: 1 }),
  bad("on the edge, 1 to 1.1 %", 0.01, 0.011, { canaryPerMinute: 1_000 }),
  bad("1 to 1.5 %", 0.01, 0.015, { canaryPerMinute: 1_000 }),
  bad("1 to 2 %", 0.01, 0.02, { canaryPerMinute: 1_000 }),
];

/** An hour of windows of a minute each. */
export function simulated(scenario: Scenario, random: Random): readonly Window[] {
  return Array.from({ length: MINUTES }, (_, minute) => {
    const { incident } = scenario;
    const factor = incident !== null && minute >= incident[0] && minute < incident[1] ? 10 : 1;
    const steady = minute < scenario.fromMinute ? scenario.stableRate : scenario.canaryRate;
    const canaryRate = scenario.variation === 0 ? steady : Math.min(1, random.gamma(steady, scenario.variation));
    return {
      canary: arm(scenario.canaryPerMinute, canaryRate * factor, random),
      stable: arm(scenario.canaryPerMinute * STABLE_PER_CANARY, scenario.stableRate * factor, random),
    };
  });
}

/** Poisson arrivals, each of which fails by itself: failures and successes are Poisson, and independent. */
function arm(perMinute: number, rate: number, random: Random): { n: number; x: number } {
  const x = random.poisson(perMinute * rate);
  return { n: x + random.poisson(perMinute * (1 - rate)), x };
}
