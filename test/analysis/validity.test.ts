import { describe, expect, test } from "vitest";
import { betGuarded, type Guarded, logOfGuarded, startGuarded } from "../../src/analysis/guarded.ts";
import { type Harm, logHarm, NO_HARM, observeHarm } from "../../src/analysis/harm.ts";
import { HEALTHY_GRID } from "../../src/analysis/healthy.ts";
import { ODDS, oddsGain } from "../../src/analysis/latency.ts";
import { betPlain, HARM_GRID, logGains, logOfPlain, type RatioRule, startPlain } from "../../src/analysis/ratio.ts";
import { binomial, type Chance, outcomes, poisson } from "../support/distributions.ts";
import { windowOf } from "../support/evidence.ts";

/** Rounding, and the tails beyond 1e-15 that are left out. */
const ONE = 1 + 1e-9;

/** The average of e^(ln M) over everything that one window may bring. */
function expected(
  canary: readonly Chance[],
  stable: readonly Chance[],
  logOf: (xc: number, xs: number) => number | null,
): number {
  let sum = 0;
  for (const [xc, xs, chance] of outcomes(canary, stable)) {
    const log = logOf(xc, xs);
    if (log !== null) sum += chance * Math.exp(log);
  }
  return sum;
}

function plainLog(rule: RatioRule, grid: readonly number[], nc: number, ns: number) {
  return (xc: number, xs: number) =>
    logOfPlain(betPlain(startPlain(grid.length), logGains(rule, grid, windowOf(nc, xc, ns, xs))));
}

const SIZES = [
  [1, 1],
  [5, 95],
  [20, 20],
  [40, 10],
  [3, 300],
] as const;
const RATES = [0, 0.001, 0.01, 0.1, 0.3, 0.6, 1];
const ALLOWED: readonly RatioRule[] = [
  { rho: 1, delta: 0 },
  { rho: 1.1, delta: 0 },
  { rho: 1.25, delta: 1e-3 },
  { rho: 2, delta: 0.05 },
  { rho: 0.5, delta: 0 },
];

describe("RatioE is at most 1 on average, computed over every outcome", () => {
  for (const rule of ALLOWED) {
    test(`where the canary fails as often as rho ${rule.rho} and delta ${rule.delta} allow, or less`, () => {
      let most = 0;
      for (const [nc, ns] of SIZES) {
        for (const ps of RATES) {
          for (const part of [0, 0.5, 0.9, 1]) {
            const pc = Math.min(1, (rule.rho * ps + rule.delta) * part);
            most = Math.max(most, expected(binomial(nc, pc), binomial(ns, ps), plainLog(rule, HARM_GRID, nc, ns)));
          }
        }
      }
      expect(most).toBeLessThanOrEqual(ONE);
    });
  }

  test("and exactly 1 on the edge for Poisson counts, whose exposure may be seconds", () => {
    for (const rule of ALLOWED) {
      const [nc, ns, ps] = [12.5, 87.5, 0.02];
      const pc = rule.rho * ps + rule.delta;
      const average = expected(poisson(nc * pc), poisson(ns * ps), plainLog(rule, HARM_GRID, nc, ns));
      expect(average).toBeCloseTo(1, 9);
    }
  });

  test("but above 1 as soon as the canary fails more often than allowed", () => {
    const rule = { rho: 1.1, delta: 0 };
    expect(expected(poisson(50 * 0.05), poisson(950 * 0.01), plainLog(rule, HARM_GRID, 50, 950))).toBeGreaterThan(2);
  });
});

describe("HealthyE is at most 1 on average, computed over every outcome", () => {
  test.each([
    { rho: 2, delta: 0.005 },
    { rho: 2, delta: 0.01 },
    { rho: 1.5, delta: 0 },
  ])("where the canary is as harmful as $rho and $delta say, or more", (rule) => {
    let most = 0;
    for (const [nc, ns] of SIZES) {
      for (const ps of RATES) {
        for (const worse of [1, 1.1, 2, 10]) {
          const pc = (rule.rho * ps + rule.delta) * worse;
          if (pc > 1) continue;
          most = Math.max(most, expected(binomial(nc, pc), binomial(ns, ps), plainLog(rule, HEALTHY_GRID, nc, ns)));
        }
      }
    }
    expect(most).toBeLessThanOrEqual(ONE);
  });
});

describe.each(["scatter", "bursts"] as const)("the guard %s never raises the average", (guard) => {
  const rule = { rho: 1.1, delta: 0 };
  const [nc, ns, ps] = [10, 30, 0.04];
  const canary = binomial(nc, rule.rho * ps);
  const stable = binomial(ns, ps);

  /** The average of M over all outcomes of the next window, from a state that any past may have led to. */
  const after = (state: Harm) =>
    expected(canary, stable, (xc, xs) => logHarm(observeHarm(state, rule, windowOf(nc, xc, ns, xs), guard)));

  test("over one window, from states after quiet, bursty and ruinous pasts", () => {
    const pasts = [
      [],
      [windowOf(10, 0, 30, 0)],
      [windowOf(10, 5, 30, 0), windowOf(10, 0, 30, 3)],
      [windowOf(10, 10, 30, 0), windowOf(10, 10, 30, 0), windowOf(10, 9, 30, 1)],
      new Array(20).fill(windowOf(10, 0, 30, 4)),
    ];
    for (const past of pasts) {
      const state = past.reduce((each: Harm, window) => observeHarm(each, rule, window, guard), NO_HARM);
      expect(after(state)).toBeLessThanOrEqual(Math.exp(logHarm(state)) * ONE);
    }
  });

  test("over three windows together, with the dispersion learnt on the way", () => {
    const few = { canary: binomial(4, rule.rho * 0.2), stable: binomial(6, 0.2) };
    const total = (state: Harm, left: number): number =>
      left === 0
        ? Math.exp(logHarm(state))
        : outcomes(few.canary, few.stable).reduce(
            (sum, [xc, xs, chance]) => sum + chance * total(observeHarm(state, rule, windowOf(4, xc, 6, xs), guard), left - 1),
            0,
          );
    expect(total(NO_HARM, 3)).toBeLessThanOrEqual(ONE);
    expect(total(NO_HARM, 3)).toBeGreaterThan(0.5);
  });
});

describe("the cap", () => {
  test("gives away what one window wins beyond it", () => {
    // 1 in 1 000 wins 1 000: fair without a cap, and a loss with it.
    const start = startGuarded(1);
    const won = Math.exp(logOfGuarded(betGuarded(start, [Math.log(1_000)], { dispersion: 1 })));
    const lost = Math.exp(logOfGuarded(betGuarded(start, [null], { dispersion: 1 })));
    expect(won).toBeCloseTo(12, 9);
    expect(won / 1_000 + lost * 0.999).toBeLessThanOrEqual(1);
  });

  test("and the cash is all that is left where every bet is lost, so that the evidence can always come back", () => {
    let state: Guarded = startGuarded(3);
    for (let window = 1; window <= 50; window += 1) {
      state = betGuarded(state, [null, null, null], { dispersion: 1 });
      expect(Math.exp(logOfGuarded(state))).toBeCloseTo(0.5 / window, 12);
    }
  });
});

describe("LatE is at most 1 on average, computed over every outcome", () => {
  test("wherever the canary is slow no more often than stable, however wrong the past was", () => {
    let most = 0;
    for (const [nc, ns] of SIZES) {
      for (const ts of [1e-5, 0.001, 0.05, 0.5, 0.999]) {
        for (const ps of [0, 0.001, 0.05, 0.3, 0.9]) {
          for (const odds of ODDS) {
            for (const part of [0.5, 1]) {
              const average = expected(binomial(nc, ps * part), binomial(ns, ps), (xc, xs) =>
                oddsGain(ts, odds, { n: nc, x: xc }, { n: ns, x: xs }),
              );
              most = Math.max(most, average);
            }
          }
        }
      }
    }
    expect(most).toBeLessThanOrEqual(ONE);
  });

  test("but above 1 where the odds are really higher", () => {
    const average = expected(binomial(40, 0.2), binomial(160, 0.05), (xc, xs) =>
      oddsGain(0.05, 3, { n: 40, x: xc }, { n: 160, x: xs }),
    );
    expect(average).toBeGreaterThan(2);
  });
});
