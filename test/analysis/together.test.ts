import { describe, expect, it } from "vitest";
import { logHarm, NO_HARM, observeHarm } from "../../src/analysis/harm.ts";
import { type Share, weighTogether } from "../../src/analysis/together.ts";
import { binomial, outcomes } from "../support/distributions.ts";
import { windowOf } from "../support/evidence.ts";

const half = (logHarm: number): Share => ({ alpha: 0.025, logHarm });

describe("several comparisons that share their alpha", () => {
  it("revert by one alone where that one would by its own part", () => {
    const own = Math.log(1 / 0.025);
    const { logHarm, logHarmNeeded } = weighTogether([half(own), half(Number.NEGATIVE_INFINITY)]);
    expect(logHarm).toBeCloseTo(logHarmNeeded, 12);
    expect(logHarmNeeded).toBeCloseTo(Math.log(20), 12);
  });

  it("revert by two that are half as strong, and not by one of them", () => {
    const weak = Math.log(0.5 / 0.025);
    expect(weighTogether([half(weak), half(weak)]).logHarm).toBeCloseTo(Math.log(20), 12);
    expect(weighTogether([half(weak), half(0)]).logHarm).toBeLessThan(Math.log(20));
  });

  it("weigh by their parts, whatever the order", () => {
    const shares = [
      { alpha: 0.04, logHarm: 2 },
      { alpha: 0.01, logHarm: 5 },
    ];
    const expected = Math.log(0.8 * Math.exp(2) + 0.2 * Math.exp(5));
    expect(weighTogether(shares).logHarm).toBeCloseTo(expected, 12);
    expect(weighTogether([...shares].reverse()).logHarm).toBeCloseTo(expected, 12);
  });

  it("hold evidence that no plain number can", () => {
    expect(weighTogether([half(2_000), half(0)]).logHarm).toBeCloseTo(2_000 + Math.log(0.5), 9);
  });

  it.each([0.01, 0.1, 0.5])("are at most 1 on average at a rate of %f, also where both see the same requests", (rate) => {
    const rules = [
      { rho: 1, delta: 0 },
      { rho: 1.1, delta: 0 },
    ];
    let average = 0;
    for (const [xc, xs, chance] of outcomes(binomial(20, rate), binomial(40, rate))) {
      const window = windowOf(20, xc, 40, xs);
      const shares = rules.map((rule) => half(logHarm(observeHarm(NO_HARM, rule, window))));
      average += chance * Math.exp(weighTogether(shares).logHarm);
    }
    expect(average).toBeLessThanOrEqual(1 + 1e-9);
  });
});
