import { expect, test } from "vitest";
import { exportOf } from "../../src/cli/exporting.ts";
import { NO_REPLAY, type ReplayRule, replay } from "../../src/cli/replay.ts";
import type { ExplanationView } from "../../src/core/explained.ts";
import { comparedSettings, House } from "./house.ts";

const RULE: ReplayRule = {
  failures: { allowed: { rho: 1.1, delta: 0 }, harmful: { rho: 2, delta: 0.005 }, alpha: 0.01, beta: 0.05 },
  latency: { margin: 0.1, alpha: 0.01, minRequests: 100 },
  plain: false,
};

/** The natural logarithms against and for the candidate after each exported window. */
function replayed(explanation: ExplanationView): readonly (readonly [number, number])[] {
  let state = NO_REPLAY;
  return exportOf(explanation, null).lines.map((line) => {
    const { t, step, canary, stable, part = false } = JSON.parse(line);
    const [next, { failures }] = replay(state, RULE, {
      t,
      step: String(step),
      window: { canary, stable },
      part,
      latencies: null,
      buckets: null,
      gauge: null,
    });
    state = next;
    return [failures.logHarm, failures.logHealthy];
  });
}

test.each([
  ["promoted", 0.01, 0.01, 120_000],
  ["reverted", 0.01, 0.03, 90_000],
])("a rollout that was %s gives the same evidence from its export", async (phase, stable, candidate, ms) => {
  const house = new House();
  house.settings = comparedSettings();
  house.requests = { blue: 2_000, green: 500 };
  house.stableErrorRatio = stable;
  house.errorRatio = candidate;
  await house.canary();
  await house.pass(7_000);
  await house.boot();
  await house.pass(ms);
  expect(house.rollout.phase.phase).toBe(phase);
  const explanation = await house.controller.explanation(house.rollout.id);
  const stored = (explanation.checks[0]?.recorded ?? []).map(({ logHarm, logHealthy }) => [logHarm, logHealthy]);
  expect(stored.length).toBeGreaterThan(1);
  const again = replayed(explanation);
  expect(again).toHaveLength(stored.length);
  for (const [index, [against, infavour]] of again.entries()) {
    expect(against).toBeCloseTo(stored[index]?.[0] ?? Number.NaN, 9);
    expect(infavour).toBeCloseTo(stored[index]?.[1] ?? Number.NaN, 9);
  }
  const last = explanation.decisions.at(-1);
  expect(last?.decision).toBe(phase === "promoted" ? "promote" : "revert");
  const revert = explanation.decisions.find(({ decision }) => decision === "revert")?.checks[0]?.basis;
  if (phase === "reverted") expect(revert?.logHarm).toBeCloseTo(again.at(-1)?.[0] ?? Number.NaN, 9);
});
