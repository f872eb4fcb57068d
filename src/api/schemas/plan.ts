import { z } from "zod";
import { Shares, StartBody, Strategy } from "./rollout.ts";

/** The wire shapes of plans; the same as `PlanView`, which a test proves. */

const Figure = z.object({ value: z.number(), is: z.enum(["measured", "given"]) }).readonly();

export const TargetChange = z
  .object({
    target: z.string(),
    change: z.enum(["nothing", "tables", "reload"]).describe("`tables`: the share moves by a rename, without a reload."),
    times: z.number().int().describe("How many reloads or renames: a ramp has several."),
    diff: z
      .string()
      .nullable()
      .describe(
        "Unified, between nginx's files as they lie there now and after the step, apart from the generation's number. Empty without a reload; null where it cannot be shown, and to tokens that may only read.",
      ),
    problem: z.string().nullable().describe("Why it cannot be shown."),
  })
  .readonly()
  .meta({ id: "TargetChange", description: "What a step changes in one nginx." });

export const PlannedCheck = z
  .object({
    name: z.string(),
    kind: z.enum(["compare", "bound"]).describe("With stable, or a fixed bound."),
    needed: z.boolean().describe("Whether the step does not end before it passes."),
    foreseen: z
      .boolean()
      .describe(
        "False where there is no outlook on what it finds: no rate is known, or it is about something else than a part of the requests.",
      ),
    requests: z.number().nullable().describe("Requests of the candidate that it counts in the step's least time."),
    requestsToPass: z
      .number()
      .nullable()
      .describe("Requests of the candidate that a pass takes: in all for a comparison, in each window for a bound."),
    passesAfterMs: z.number().nullable().describe("How long that takes at this rate."),
    detects: z
      .number()
      .nullable()
      .describe("The smallest part of failing requests (0 to 1) that is expected to revert within the step's least time."),
    mostLost: z
      .number()
      .nullable()
      .describe("The most requests that a candidate which fails all of them costs until this check reverts."),
  })
  .readonly()
  .meta({ id: "PlannedCheck", description: "What one check can see in a step. Null is what is not known, or does not exist." });

const PlannedTask = z
  .object({
    name: z.string(),
    waitsFor: z.string().describe("`healthy`, `approval` and the like."),
    withinMs: z.number().nullable(),
    otherwise: z.enum(["back", "hold", "go", "fail"]).describe("What the end of that time does."),
    missing: z.string().nullable().describe("What it would wait for now."),
  })
  .readonly()
  .meta({ id: "PlannedTask" });

export const PlannedStep = z
  .object({
    label: z.string(),
    shares: Shares,
    until: z.enum(["time", "evidence", "approval"]).describe("What ends it: its time, its evidence, or a person."),
    before: z.array(PlannedTask).readonly().describe("What is waited for before the step's traffic moves."),
    after: z.array(PlannedTask).readonly().describe("What is waited for after its time."),
    leastMs: z.number(),
    needs: z.array(z.string()).readonly().describe("The checks that must pass before the next step."),
    hold: z.object({ atMostMs: z.number(), then: z.enum(["wait", "abort", "advance"]) }).readonly(),
    ramp: z.object({ fromBp: z.number(), toBp: z.number(), quantumBp: z.number(), everyMs: z.number() }).readonly().nullable(),
    nginx: z.array(TargetChange).readonly(),
    checks: z.array(PlannedCheck).readonly(),
    mostLost: z
      .object({ requests: z.number(), check: z.string() })
      .readonly()
      .nullable()
      .describe("The most requests that a candidate which fails all of them costs here, and the check that ends it."),
    warnings: z.array(z.string()).readonly(),
  })
  .readonly()
  .meta({ id: "PlannedStep" });

export const PlanView = z
  .object({
    service: z.string(),
    strategy: Strategy,
    version: z.string().nullable(),
    from: z.string(),
    to: z.string(),
    refused: z
      .object({ code: z.string(), reason: z.string(), hint: z.string().nullable() })
      .readonly()
      .nullable()
      .describe("Why a start would be refused now; null where it would be taken."),
    leastMs: z.number().describe("The least time of all steps, without what waits for people, members and evidence."),
    traffic: z
      .object({
        requestsPerS: Figure.nullable(),
        errorRatio: Figure.nullable().describe("The part of stable's requests that fail; taken for none where it is null."),
        windowMs: z.number().nullable(),
      })
      .readonly(),
    begins: z.array(TargetChange).readonly().describe("What the start changes where the first step has to wait."),
    steps: z.array(PlannedStep).readonly(),
  })
  .readonly()
  .meta({ id: "Plan", description: "What a start would do now. Nothing has been changed." });

export const PlanBody = StartBody.extend({
  assume: z
    .strictObject({
      requestsPerS: z.number().positive().max(1e9).optional().describe("Of the whole service."),
      errorRatio: z.number().min(0).max(1).optional().describe("The part of stable's requests that fail, 0 to 1."),
    })
    .optional()
    .describe("The traffic that the figures are for, instead of what nginx's log shows."),
}).meta({ id: "PlanRequest", description: "The body of a start, and the traffic to plan for." });
