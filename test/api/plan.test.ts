import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type * as wire from "../../src/api/schemas/plan.ts";
import { parseSteps } from "../../src/config/steps.ts";
import type * as planned from "../../src/core/planned.ts";
import { COMMIT_DIFF } from "../support/plans.ts";
import { ApiUnderTest } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ parseSteps });
});
afterAll(() => api[Symbol.asyncDispose]());

const PATH = "/v1/services/web/plan";

test("the wire shapes are the views, no more and no less (checked by the compiler)", () => {
  expectTypeOf<z.output<typeof wire.PlanView>>().toEqualTypeOf<planned.PlanView>();
  expectTypeOf<z.output<typeof wire.PlannedStep>>().toEqualTypeOf<planned.PlannedStep>();
  expectTypeOf<z.output<typeof wire.PlannedCheck>>().toEqualTypeOf<planned.PlannedCheck>();
  expectTypeOf<z.output<typeof wire.TargetChange>>().toEqualTypeOf<planned.TargetChange>();
});

test("a plan takes the body of a start, and the traffic to plan for", async () => {
  const steps = [{ share: "5%", for: "5m" }];
  const got = await api.post(PATH, { strategy: "canary", to: "green", steps, assume: { requestsPerS: 50, errorRatio: 0.001 } });
  expect(got).toMatchObject({
    status: 200,
    body: { service: "web", steps: [{ label: "5 %" }, { label: "100 %" }, { label: "commit" }] },
  });
  const input = {
    strategy: "canary",
    to: "green",
    version: null,
    steps: [expect.objectContaining({ share: 500, forMs: 300_000 })],
    replace: false,
    reason: null,
  };
  expect(api.control.calls.at(-1)).toEqual({ call: "plan", args: ["web", input, { requestsPerS: 50, errorRatio: 0.001 }] });
  await api.post(PATH, { strategy: "blue-green" });
  expect(api.control.calls.at(-1)?.args.at(-1)).toEqual({ requestsPerS: null, errorRatio: null });
});

test("who may only read is shown all but nginx's files", async () => {
  const diffs = async (token: string) => {
    const got = await api.ask(PATH, { method: "POST", json: { strategy: "canary" }, token });
    expect(got.status).toBe(200);
    return (got.body as planned.PlanView).steps.map(({ nginx }) => nginx[0]);
  };
  expect((await diffs(api.tokens.operate)).at(-1)).toMatchObject({ change: "reload", diff: COMMIT_DIFF, problem: null });
  const hidden = await diffs(api.tokens.read);
  expect(hidden.at(-1)).toMatchObject({ change: "reload", diff: null, problem: expect.stringContaining("operate") });
  expect(JSON.stringify(hidden)).not.toContain("web_green");
});

test.each([
  [{ strategy: "canary", assume: { requestsPerS: 0 } }, "/assume/requestsPerS"],
  [{ strategy: "canary", assume: { errorRatio: 1.1 } }, "/assume/errorRatio"],
  [{ strategy: "canary", assume: { rate: 1 } }, "/assume/rate"],
  [{ strategy: "canary", steps: [{ share: "5%", for: 5 }] }, "/steps/0/for"],
  [{}, "/strategy"],
])("%j is refused, and says where", async (body, pointer) => {
  expect(await api.post(PATH, body)).toMatchObject({ status: 422, body: { code: "invalid", errors: [{ in: "body", pointer }] } });
});

test("nobody without a token plans", async () => {
  expect((await api.ask(PATH, { method: "POST", json: { strategy: "canary" }, token: null })).status).toBe(401);
});
