import type { Window } from "../../src/analysis/counts.ts";
import { type Guard, type Harm, logHarm, NO_HARM, observeHarm } from "../../src/analysis/harm.ts";
import { isOutage, NO_OUTAGE, observeOutage } from "../../src/analysis/outage.ts";
import type { RatioRule } from "../../src/analysis/ratio.ts";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { mannWhitneyLower } from "./mann-whitney.ts";
import type { Scenario } from "./scenario.ts";

/** A way to judge, looked at once a minute: from all windows so far it says whether to abort now. */
export type Rule = {
  readonly name: string;
  readonly start: (scenario: Scenario) => (windows: readonly Window[]) => boolean;
  /** Only every so manieth hour is judged by it: Sluice by all, so that its own figures are the exactest. */
  readonly every: number;
};

/** Argo Rollouts' analysis: a measurement a minute against a bound, failed when more than `limit` measurements have failed. */
function argoLike(bound: number, limit: number): Rule {
  return counting(`Argo-like, error < ${bound * 100} %, failureLimit ${limit}`, limit + 1, ({ n, x }) => x / n >= bound);
}

/** Flagger's: a check a minute, rolled back when `threshold` checks have failed. */
function flaggerLike(success: number, threshold: number): Rule {
  const name = `Flagger-like, success >= ${success * 100} %, ${threshold} failed checks`;
  return counting(name, threshold, ({ n, x }) => 1 - x / n < success);
}

function counting(name: string, most: number, isFailed: (canary: Window["canary"]) => boolean): Rule {
  const start = () => {
    let failed = 0;
    return (windows: readonly Window[]) => {
      const canary = windows.at(-1)?.canary;
      if (canary !== undefined && canary.n > 0 && isFailed(canary)) failed += 1;
      return failed >= most;
    };
  };
  return { name, every: 2, start };
}

/** The pooled two-proportion z-test on all counts so far, one-sided, at each look as if it were the only one. */
const zTest: Rule = {
  name: "z-test at 5 %, at each look",
  every: 2,
  start: () => {
    const sum = { nc: 0, xc: 0, ns: 0, xs: 0 };
    return (windows) => {
      const { canary, stable } = windows.at(-1) ?? NOTHING;
      sum.nc += canary.n;
      sum.xc += canary.x;
      sum.ns += stable.n;
      sum.xs += stable.x;
      const pooled = (sum.xc + sum.xs) / (sum.nc + sum.ns);
      const error = Math.sqrt(pooled * (1 - pooled) * (1 / sum.nc + 1 / sum.ns));
      return error > 0 && (sum.xc / sum.nc - sum.xs / sum.ns) / error > 1.645;
    };
  },
};

/**
 * Kayenta's judge: a Mann-Whitney test at 98 % on the error rates by minute, every ten minutes, on all minutes so far. "High" where the lower
 * end of the interval of the shift is above a quarter of the shift itself.
 */
const kayentaLike: Rule = {
  name: "Kayenta-like, every 10 minutes",
  every: 10,
  start: () => (windows) => {
    if (windows.length % 10 !== 0) return false;
    const rates = (arm: "canary" | "stable") => windows.map((window) => window[arm].x / Math.max(1, window[arm].n));
    const { estimate, lower } = mannWhitneyLower(rates("canary"), rates("stable"));
    return lower > 0.25 * Math.abs(estimate);
  },
};

/** Sluice with its defaults: RatioE with guards on windows of a minute, and the fast path. */
export const SLUICE = "Sluice, defaults";
export const ORACLE = "oracle (knows both rates)";

/** The other guard, which is not the default because its figures are our own, and not yet another's. */
export const SLUICE_BURSTS = "Sluice, guard: bursts";

function sluice(name: string, guard: Guard, every: number): Rule {
  const start = () => {
    const rule: RatioRule = { rho: DEFAULTS.compare.rho, delta: DEFAULTS.compare.delta };
    const needed = Math.log(1 / DEFAULTS.compare.alpha);
    let harm: Harm = NO_HARM;
    let outage = NO_OUTAGE;
    return (windows: readonly Window[]) => {
      const window = windows.at(-1) ?? NOTHING;
      harm = observeHarm(harm, rule, window, guard);
      outage = observeOutage(outage, rule, window);
      return logHarm(harm) >= needed || isOutage(outage);
    };
  };
  return { name, every, start };
}

/** What nobody can have: Wald's likelihood ratio between the two true rates of the canary, at 1/alpha. Says nothing of a healthy one. */
const oracle: Rule = {
  name: ORACLE,
  every: 2,
  start: ({ canaryRate, stableRate }) => {
    let log = 0;
    return (windows) => {
      const { n, x } = windows.at(-1)?.canary ?? NOTHING.canary;
      log += x * Math.log(canaryRate / stableRate) + (n - x) * Math.log((1 - canaryRate) / (1 - stableRate));
      return canaryRate > stableRate && log >= Math.log(1 / DEFAULTS.compare.alpha);
    };
  },
};

const NOTHING: Window = { canary: { n: 0, x: 0 }, stable: { n: 0, x: 0 } };

export const RULES: readonly Rule[] = [
  argoLike(0.01, 0),
  argoLike(0.01, 3),
  argoLike(0.05, 0),
  flaggerLike(0.99, 5),
  zTest,
  kayentaLike,
  sluice(SLUICE, "scatter", 1),
  sluice(SLUICE_BURSTS, "bursts", 2),
  oracle,
];
