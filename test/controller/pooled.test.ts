import { expect, it } from "vitest";
import { weighPooled } from "../../src/controller/pooled.ts";
import type { Check, CompareRule } from "../../src/core/check.ts";
import type { Verdict } from "../../src/core/rollout.ts";
import { comparedSettings, House } from "./house.ts";

const rule = { kind: "compare", margin: 0.1, alpha: 0.025, beta: 0.05, harmful: { ratio: 2, delta: 0.005 } } as const;
const check = (name: string, more: Partial<CompareRule> = { pooled: true }): Check => ({
  ...{ name, metric: name, minRequests: 100 },
  rule: { ...rule, level: "critical", ...more },
});

const numbers = {
  ...{ from: null, to: null, windows: 1, canary: null, stable: null, sample: null, slowMs: null, needed: null },
  ...{ logHarmNeeded: Math.log(40), logHealthy: null, logHealthyNeeded: null },
};
const verdict = (name: string, evidence: number, is: Verdict["is"] = "inconclusive"): Verdict => ({
  ...{ check: name, is, value: null, limit: "", samples: 0, windowMs: 0, text: `${name} says` },
  basis: { ...numbers, logHarm: Math.log(evidence) },
});
const known = (...verdicts: readonly Verdict[]) =>
  Object.fromEntries(verdicts.map((one) => [one.check, { entry: 1, verdict: one }]));

const BOTH = [check("errors"), check("latency")];

it("two comparisons that are half convinced fail the release together, and say so", () => {
  const [failed] = weighPooled([verdict("errors", 25)], BOTH, known(verdict("latency", 16, "pass"), verdict("errors", 1)));
  expect(failed).toMatchObject({
    check: "errors",
    is: "fail",
    text: "errors says; together with latency evidence 21 against, 20 needed",
  });
});

it("they do not where they are too weak together, or one has not said anything yet", () => {
  const fresh = [verdict("errors", 25)];
  expect(weighPooled(fresh, BOTH, known(verdict("latency", 10)))).toEqual(fresh);
  expect(weighPooled(fresh, BOTH, {})).toEqual(fresh);
});

it("comparisons with a chance of their own are left alone", () => {
  const fresh = [verdict("errors", 39)];
  expect(weighPooled(fresh, [check("errors", {}), check("latency", {})], known(verdict("latency", 39)))).toEqual(fresh);
  expect(weighPooled(fresh, [check("errors"), check("latency", {})], known(verdict("latency", 39)))).toEqual(fresh);
});

it("what fails by itself fails for its own reason", () => {
  const fresh = [verdict("errors", 50, "fail")];
  expect(weighPooled(fresh, BOTH, known(verdict("latency", 30)))).toEqual(fresh);
});

it("comparisons of a rollout that share their alpha send it back together", async () => {
  const house = new House();
  const compared = comparedSettings({ alpha: 0.01 / 6, pooled: true });
  const { canary } = compared;
  const [one] = canary?.checks ?? [];
  if (canary === null || one === undefined) throw new Error("there is a canary with a check");
  const checks = Array.from({ length: 6 }, (_, index) => ({ ...one, name: `check-${index}` }));
  house.settings = { ...compared, canary: { ...canary, checks } };
  house.requests = { blue: 2_000, green: 500 };
  house.stableErrorRatio = 0.01;
  house.errorRatio = 0.025;
  await house.canary();
  await house.pass(90_000);
  const { phase } = house.rollout;
  expect(phase).toMatchObject({
    phase: "reverted",
    cause: expect.stringMatching(
      /^check-0: .* evidence \d+ against, 600 needed.*; together with check-1, .*, check-5 evidence \d+ against, 100 needed$/,
    ),
  });
});
