import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Window } from "../../src/analysis/counts.ts";
import { dispersionOf } from "../../src/analysis/dispersion.ts";
import { dispersionNow, type Harm, logHarm, NO_HARM, observeHarm } from "../../src/analysis/harm.ts";
import { HEALTHY_GRID, logHealthy, NOT_YET_HEALTHY, observeHealthy } from "../../src/analysis/healthy.ts";
import { betPlain, HARM_GRID, logGains, logOfPlain, startPlain } from "../../src/analysis/ratio.ts";
import { slowGuarded, slowPlain, windowOf } from "../support/evidence.ts";

const ALLOWED = { rho: 1.1, delta: 0 };
const HARMFUL = { rho: 2, delta: 0.005 };

const counts = (most: number) => fc.nat(most).chain((n) => fc.record({ n: fc.constant(n), x: fc.nat(Math.min(n, 12)) }));
const window: fc.Arbitrary<Window> = fc.record({ canary: counts(300), stable: counts(3_000) });
const windows = fc.array(window, { maxLength: 20 });
const rule = fc.record({
  rho: fc.double({ min: 0.5, max: 3, noNaN: true }),
  delta: fc.double({ min: 0, max: 0.01, noNaN: true }),
});

function harmOf(given: typeof ALLOWED, all: readonly Window[], from: Harm = NO_HARM): Harm {
  return all.reduce((state, one) => observeHarm(state, given, one), from);
}

describe("RatioE with its guards", () => {
  test("agrees to 1e-9 with a slow implementation of the same text, window by window", () => {
    fc.assert(
      fc.property(rule, windows, (given, all) => {
        const slow = slowGuarded(given, all);
        const usable = all.filter(({ canary, stable }) => canary.n > 0 && stable.n > 0);
        let state = NO_HARM;
        for (const [index, one] of usable.entries()) {
          state = observeHarm(state, given, one);
          expect(logHarm(state)).toBeCloseTo(Math.log(slow[index]?.evidence ?? Number.NaN), 9);
          expect(dispersionOf(state.dispersion)).toBeCloseTo(slow[index]?.dispersion ?? Number.NaN, 9);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("is 1 before anything was seen, with no scatter, and the scatter is 1.5 until a pair of windows tells better", () => {
    expect([logHarm(NO_HARM), dispersionOf(NO_HARM.dispersion)]).toEqual([0, 1]);
    expect(dispersionOf(harmOf(ALLOWED, [windowOf(100, 1, 1900, 19)]).dispersion)).toBe(1.5);
  });

  test("is not moved by windows without traffic on an arm", () => {
    fc.assert(
      fc.property(windows, fc.array(fc.tuple(fc.nat(19), fc.boolean(), counts(500))), (all, idle) => {
        const mixed = [...all];
        for (const [place, isCanary, other] of idle) {
          const none = { n: 0, x: 0 };
          mixed.splice(place, 0, isCanary ? { canary: none, stable: other } : { canary: other, stable: none });
        }
        expect(harmOf(ALLOWED, mixed)).toEqual(harmOf(ALLOWED, all));
      }),
    );
  });

  test("comes to the same through a store, wherever it is cut", () => {
    fc.assert(
      fc.property(windows, fc.nat(20), (all, cut) => {
        const stored = JSON.parse(JSON.stringify(harmOf(ALLOWED, all.slice(0, cut)))) as Harm;
        expect(harmOf(ALLOWED, all.slice(cut), stored)).toEqual(harmOf(ALLOWED, all));
      }),
    );
  });

  test("depends on the ratio of the exposures alone, so that a sample of all requests judges alike", () => {
    fc.assert(
      fc.property(windows, fc.integer({ min: 2, max: 1_000 }), (all, scale) => {
        const scaled = all.map(({ canary, stable }) => ({
          canary: { n: canary.n * scale, x: canary.x },
          stable: { n: stable.n * scale, x: stable.x },
        }));
        expect(logHarm(harmOf(ALLOWED, scaled))).toBeCloseTo(logHarm(harmOf(ALLOWED, all)), 9);
      }),
    );
  });

  test("never multiplies by more than 12 in one window", () => {
    fc.assert(
      fc.property(windows, fc.integer({ min: 1, max: 5_000 }), (all, burst) => {
        const before = harmOf(ALLOWED, all);
        const after = observeHarm(before, ALLOWED, windowOf(burst, burst, burst * 19, 0));
        expect(logHarm(after) - logHarm(before)).toBeLessThanOrEqual(Math.log(12) + 1e-9);
      }),
    );
  });

  test("stays finite through an outage of a week", () => {
    const state = harmOf(ALLOWED, new Array<Window>(10_080).fill(windowOf(10_000, 10_000, 190_000, 0)));
    expect(logHarm(state)).toBeGreaterThan(20_000);
    expect(Number.isFinite(logHarm(state))).toBe(true);
  });

  test("rises with failures of the canary and falls with those of stable, where nothing else differs", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat(10),
        fc.nat(10),
        (nc, ns, xc, xs) => {
          const at = (canary: number, stable: number) => logHarm(observeHarm(NO_HARM, ALLOWED, windowOf(nc, canary, ns, stable)));
          expect(at(xc + 1, xs)).toBeGreaterThan(at(xc, xs) - 1e-9);
          expect(at(xc, xs + 1)).toBeLessThan(at(xc, xs) + 1e-9);
        },
      ),
    );
  });
});

describe("the guard against bursts that grows with the failures", () => {
  const seen = (all: readonly Window[]) => all.reduce((state, one) => observeHarm(state, ALLOWED, one, "bursts"), NO_HARM);
  const next = (state: Harm, canaryN: number) => dispersionNow(state, ALLOWED, canaryN, "bursts");
  const steady = new Array<Window>(10).fill(windowOf(1_000, 10, 19_000, 190));
  const bursty = [2, 25, 5, 18, 1, 14, 3, 22, 4, 16].map((x) => windowOf(1_000, x, 19_000, 190));

  test("expects bursts before it has seen any, the more the more failures are expected", () => {
    expect(next(NO_HARM, 1_000)).toBe(1);
    const first = seen([windowOf(1_000, 0, 19_000, 190)]);
    expect(next(first, 1_000)).toBeCloseTo(1 + 0.25 * 11, 9);
    expect(next(first, 10)).toBeCloseTo(1 + 0.25 * 0.11, 9);
  });

  test("learns from neighbouring windows whether there are bursts", () => {
    expect(next(seen(steady), 1_000)).toBeLessThan(1.5);
    expect(next(seen(bursty), 1_000)).toBeGreaterThan(4);
  });

  test("lets fewer bursts pass for harm, and sees rare failures sooner", () => {
    const byScatter = (all: readonly Window[]) => logHarm(harmOf(ALLOWED, all));
    expect(logHarm(seen(bursty))).toBeLessThan(byScatter(bursty));
    const rare = [0, 2, 1, 0, 2, 1].map((x, index) => windowOf(100, x, 1_900, 1 + (index % 3)));
    expect(logHarm(seen(rare))).toBeGreaterThan(byScatter(rare));
  });
});

describe("RatioE without guards", () => {
  test("agrees to 1e-9 with a slow implementation", () => {
    fc.assert(
      fc.property(rule, windows, (given, all) => {
        const usable = all.filter(({ canary, stable }) => canary.n > 0 && stable.n > 0);
        const plain = usable.reduce(
          (state, one) => betPlain(state, logGains(given, HARM_GRID, one)),
          startPlain(HARM_GRID.length),
        );
        expect(logOfPlain(plain)).toBeCloseTo(Math.log(slowPlain(given, HARM_GRID, usable)), 9);
      }),
    );
  });

  test("takes a first failure of the canary at a share of 5 % for 20 at the most", () => {
    const gains = logGains({ rho: 1, delta: 0 }, HARM_GRID, windowOf(50, 1, 950, 0));
    expect(Math.exp(Math.max(...gains.map(Number)))).toBeCloseTo(20, 3);
  });
});

describe("HealthyE", () => {
  const healthyOf = (given: typeof HARMFUL, all: readonly Window[]) =>
    all.reduce((state, one) => observeHealthy(state, given, one), NOT_YET_HEALTHY);

  test("agrees to 1e-9 with a slow implementation", () => {
    fc.assert(
      fc.property(rule, windows, (given, all) => {
        expect(logHealthy(healthyOf(given, all))).toBeCloseTo(Math.log(slowPlain(given, HEALTHY_GRID, all)), 9);
      }),
    );
  });

  test.each([
    [0.005, 827],
    [0.01, 414],
  ])("with no failure anywhere and %d harmful needs %d canary requests at a share of 5 percent", (delta, least) => {
    const isHealthyAfter = (requests: number) =>
      logHealthy(healthyOf({ rho: 2, delta }, [windowOf(requests, 0, requests * 19, 0)])) >= Math.log(20);
    expect([isHealthyAfter(least - 1), isHealthyAfter(least)]).toEqual([false, true]);
  });

  test("comes back from a store as it was, with the ruined factor ruined", () => {
    const state = healthyOf(HARMFUL, [windowOf(100, 1, 1900, 19)]);
    expect(state[0]).toBeNull();
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
