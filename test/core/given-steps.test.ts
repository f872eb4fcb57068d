import { expect, test } from "vitest";
import { planOf } from "../../src/core/begin.ts";
import type { Check } from "../../src/core/check.ts";
import { Refusal } from "../../src/core/errors.ts";
import { acceptSteps } from "../../src/core/given-steps.ts";
import type { CanaryStep } from "../../src/core/service.ts";
import { settings } from "./story.ts";

const COURSE = { from: "blue", to: "green", seed: "web-1", deadlineMs: 30_000 };

const rule = { kind: "compare", margin: 0.1, alpha: 0.01, beta: 0.05, harmful: { ratio: 2, delta: 0.005 } } as const;
const compared: Check = { name: "served", metric: "served", rule: { ...rule, level: "critical" }, minRequests: 100 };
const advisory: Check = { name: "hint", metric: "served", rule: { ...rule, level: "advisory" }, minRequests: 100 };
const bounded: Check = { name: "errors", metric: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 20 };

const share = { kind: "share", share: 10_000, forMs: 60_000, needs: null, hold: null } as const;
const evidence = { kind: "evidence", share: 500, forMs: 10_000, needs: null, hold: null } as const;
const approval = { kind: "approval", share: 10_000, needs: null, hold: null, within: null } as const;

const refusal = (step: CanaryStep, checks: readonly Check[]): string => {
  try {
    acceptSteps([{ ...share, share: 100, needs: [] }, step], checks);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
};

test.each<[what: string, step: CanaryStep, checks: readonly Check[], says: string]>([
  ["100 % with a comparison alone", share, [compared], "step 2 has all the traffic on the candidate, and leaves served nothing"],
  ["a ramp to 100 %", { kind: "ramp", to: 10_000, overMs: 1, needs: null, hold: null }, [compared], "leaves served nothing"],
  ["100 % that needs the comparison", { ...share, needs: ["served"] }, [compared, bounded], "leaves served nothing"],
  ["an approval at 100 % that needs it", { ...approval, needs: ["served"] }, [compared], "leaves served nothing"],
  ["a need of no check", { ...share, needs: ["eror"] }, [bounded], "step 2 needs eror, which is no check of this canary"],
  ["a need of an advisory check", { ...share, share: 500, needs: ["hint"] }, [advisory], "needs hint, which is advisory"],
  ["evidence without a check", evidence, [], "step 2 waits for evidence, and needs no check that could give it"],
  ["evidence of an advisory check", evidence, [advisory], "needs no check that could give it"],
  ["evidence that needs nothing", { ...evidence, needs: [] }, [compared], "needs no check that could give it"],
  ["evidence at 100 % of a comparison", { ...evidence, share: 10_000 }, [compared], "leaves served nothing"],
])("steps of a start are refused: %s", (_what, step, checks, says) => {
  expect(refusal(step, checks)).toContain(says);
});

test.each<[what: string, step: CanaryStep, checks: readonly Check[]]>([
  ["100 % with a fixed bound beside the comparison", share, [compared, bounded]],
  ["100 % that needs nothing", { ...share, needs: [] }, [compared]],
  ["100 % without any check", share, []],
  ["100 % with an advisory check alone", share, [advisory]],
  ["an approval at 100 %", approval, [compared]],
  ["evidence of a comparison", evidence, [compared]],
  ["evidence at 100 % of a fixed bound", { ...evidence, share: 10_000 }, [compared, bounded]],
])("steps of a start are taken: %s", (_what, step, checks) => {
  expect(refusal(step, checks)).toBe("");
});

test("a start is refused with its reason, and so is its plan", () => {
  const steps = [{ ...share, needs: ["errors", "none"] }];
  const inPlace = { stable: "blue", other: "green", members: [], drained: [] };
  const plan = () => planOf({ settings: settings(), strategy: "canary", steps, inPlace }, COURSE);
  expect(plan).toThrow(Refusal);
  expect(plan).toThrow("step 1 needs none, which is no check of this canary");
  expect(planOf({ settings: settings(), strategy: "canary", steps: [share], inPlace }, COURSE).plan).not.toEqual([]);
});
