import { expect, test } from "vitest";
import { judgeBound } from "../../src/analysis/bounds.ts";
import { type ComparisonRule, NO_COMPARISON, observeWindow } from "../../src/analysis/comparison.ts";
import { decide } from "../../src/analysis/decision.ts";
import { sentence } from "../../src/analysis/sentence.ts";
import { windowOf } from "../support/evidence.ts";

const RULE: ComparisonRule = {
  allowed: { rho: 1.1, delta: 0 },
  harmful: { rho: 2, delta: 0.005 },
  alpha: 0.01,
  beta: 0.05,
};
const NAMES = { canary: "green", stable: "blue" };

test("a sample is told scaled up and as such, while the evidence is of what was counted", () => {
  const decision = decide(observeWindow(NO_COMPARISON, RULE, windowOf(412, 41, 3_650, 9), 60_000), RULE);
  const all = sentence(decision, NAMES);
  const sampled = sentence(decision, { ...NAMES, part: 0.1 });
  expect(all).toContain("41 of 412 requests failed on green, 9 of 3 650 on blue over the same 60 s;");
  expect(sampled).toContain(
    "about 410 of 4 100 requests failed on green, about 90 of 37 000 on blue over the same 60 s (10 % sample);",
  );
  const evidence = (text: string) => /evidence .*/.exec(text)?.[0].replace(/; about [\d ]+ more.*/, "");
  expect(evidence(sampled)).toBe(evidence(all));
});

test("a bound says how many requests its samples stand for, and asks for as many samples", () => {
  const input = {
    check: { name: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 500 },
    unit: "ratio",
    measurement: { value: 0.03, samples: 412, from: 0, to: 60_000, problem: null, lacking: null },
    windowMs: 60_000,
    since: 0,
    now: 60_000,
    part: 0.1,
  } as const;
  const few = judgeBound(input);
  expect(few).toMatchObject({ is: "inconclusive", samples: 412 });
  expect(few.text).toMatch(/^412 of at least 500 requests in 60 s, .*\(10 % sample\), limit/);
  const enough = judgeBound({ ...input, check: { ...input.check, minRequests: 400 } });
  expect(enough).toMatchObject({ is: "fail", samples: 412 });
  expect(enough.text).toBe("3 % of about 4100 requests in 60 s (10 % sample), limit < 2 %");
});
