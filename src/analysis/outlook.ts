import type { ComparisonRule } from "./comparison.ts";
import type { Window } from "./counts.ts";
import { HEALTHY_GRID, type Healthy, logHealthy } from "./healthy.ts";
import { type LogValue, logSum } from "./log-space.ts";
import { logGains } from "./ratio.ts";

/** More than anybody would wait for. */
const MOST_REQUESTS = 1e9;

/**
 * Canary requests still needed until HealthyE reaches 1/beta, if both arms go on as they did in `step`; 0 where it did, null where it never will.
 *
 * Each factor's logarithm grows by its gain per canary request (the step's own gains over its requests), and the first number of
 * requests whose mixture is enough is found by halving. No promise: the requests to come are as random as those before.
 */
export function requestsUntilHealthy(state: Healthy, rule: ComparisonRule, step: Window): number | null {
  const needed = Math.log(1 / rule.beta);
  if (logHealthy(state) >= needed) return 0;
  if (step.canary.n === 0 || step.stable.n === 0) return null;
  const gains = logGains(rule.harmful, HEALTHY_GRID, step).map((gain) => (gain === null ? null : gain / step.canary.n));
  const enough = (requests: number) => (after(state, gains, requests) ?? Number.NEGATIVE_INFINITY) >= needed;
  if (!enough(MOST_REQUESTS)) return null;
  let few = 0;
  let many = MOST_REQUESTS;
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2);
    if (enough(middle)) many = middle;
    else few = middle;
  }
  return many;
}

function after(state: Healthy, gains: readonly LogValue[], requests: number): LogValue {
  const logs = state.map((log, factor) => {
    const gain = gains[factor] ?? null;
    return log === null || gain === null ? null : log + gain * requests;
  });
  const sum = logSum(logs);
  return sum === null ? null : sum - Math.log(state.length);
}
