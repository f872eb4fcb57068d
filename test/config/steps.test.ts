import { expect, test } from "vitest";
import { parseSteps } from "../../src/config/steps.ts";
import type { CanaryStep } from "../../src/core/service.ts";

/** The problems of steps, a line each. */
function wrongs(input: unknown): string[] {
  const parsed = parseSteps(input);
  return parsed.is === "wrong" ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

test("steps that come with a start have the grammar of the file, and the shape of the core", () => {
  const parsed = parseSteps([
    { share: "5%", for: "10s", needs: ["errors"] },
    { share: "20%", until: "evidence" },
    { share: "20%", until: "evidence", for: "1m" },
    { share: "50%", until: "approved" },
    { ramp: "80%", over: "1m", hold: { then: "abort" } },
  ]);
  if (parsed.is === "wrong") throw new Error(JSON.stringify(parsed.problems));
  const steps: readonly CanaryStep[] = parsed.steps;
  expect(steps).toEqual([
    { kind: "share", share: 500, forMs: 10_000, needs: ["errors"], hold: null },
    { kind: "evidence", share: 2_000, forMs: 10_000, needs: null, hold: null },
    { kind: "evidence", share: 2_000, forMs: 60_000, needs: null, hold: null },
    { kind: "approval", share: 5_000, needs: null, hold: null, within: null },
    { kind: "ramp", to: 8_000, overMs: 60_000, needs: null, hold: { atMostMs: 900_000, then: "abort" } },
  ]);
});

test("all that is wrong with them is said, with the place", () => {
  expect(
    wrongs([
      { share: 5, for: "10s" },
      { share: "10%", fr: "10s" },
    ]),
  ).toEqual([
    "steps[0].share: 5 is not allowed; it must be a percentage above 0% and up to 100%, no finer than 0.01%, such as 5% or 0.25%",
    'steps[1].fr: is not a key of a canary step; did you mean "for"? allowed: share, for, until, within, then, ramp, over, needs, hold',
  ]);
  expect(
    wrongs([
      { share: "10%", for: "10s" },
      { ramp: "5%", over: "10s" },
    ]),
  ).toEqual(["steps[1].ramp: 5% is less than the 10% of the step before; it must be above 10%"]);
});

test("a share can be held for a time and then wait for a person, but a ramp must rise", () => {
  const hold = { share: "50%", for: "10s" };
  expect(wrongs([hold, { share: "50%", until: "approved" }])).toEqual([]);
  expect(wrongs([hold, { ramp: "50%", over: "10s" }])).toEqual([
    "steps[1].ramp: 50% is not more than the 50% of the step before; it must be above 50%",
  ]);
});

test.each([[[]], [null], ["5%"], [undefined], [{}], [[null]], [[[]]]])("%j is no list of steps", (input) => {
  expect(wrongs(input)).toHaveLength(1);
});
