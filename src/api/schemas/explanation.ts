import { z } from "zod";
import { Needed, RolloutView } from "./rollout.ts";

/** The wire shapes of an explanation; the same as `ExplanationView`, which a test proves. */

const Count = z
  .object({ n: z.number().describe("Requests."), x: z.number().describe("Those that failed, or were slower than `slowMs`.") })
  .readonly();

const Against = z.number().describe("Evidence against the candidate: its natural logarithm.");
const InFavour = z.number().describe("Evidence for the candidate since the step began: its natural logarithm.");
const SlowMs = z.number().nullable().describe("Of latencies: slow is what took longer than this.");

const Rule = z
  .record(z.string(), z.unknown())
  .readonly()
  .describe("`kind` (`above`, `below` or `compare`) and its settings, as they were configured when the rollout began.");

const Basis = z
  .object({
    from: z.string().nullable().describe("The time that was looked at."),
    to: z.string().nullable(),
    windows: z.number().nullable().describe("Evidence windows of the step that were full."),
    canary: Count.nullable(),
    stable: Count.nullable(),
    sample: z
      .number()
      .nullable()
      .describe(
        "The part of the requests that was counted, in basis points: counts are of that part alone. Null where it was all of them.",
      ),
    slowMs: SlowMs,
    logHarm: Against.nullable(),
    logHarmNeeded: z.number().nullable().describe("At this much it fails."),
    logHealthy: InFavour.nullable(),
    logHealthyNeeded: z.number().nullable().describe("At this much it passes."),
    needed: Needed.nullable().describe("What was missing until it could pass."),
  })
  .readonly()
  .meta({ id: "Basis", description: "The numbers behind a verdict; null stands for what its rule does not have." });

const decidedCheck = {
  name: z.string(),
  metric: z.string(),
  rule: Rule,
  is: z.enum(["pass", "fail", "inconclusive", "error"]),
  value: z.number().nullable(),
  limit: z.string(),
  samples: z.number().nullable(),
  windowMs: z.number(),
  text: z.string(),
  basis: Basis.nullable(),
};

export const DecidedCheck = z.object(decidedCheck).readonly().meta({ id: "DecidedCheck" });

export const DecisionView = z
  .object({
    seq: z.number().int().describe("The event that it is."),
    at: z.string(),
    step: z.number().int().nullable().describe("Index into the rollout's `steps`, from 0."),
    decision: z.enum(["advance", "hold", "revert", "promote"]),
    actor: z.string().nullable().describe("Who decided, where that was a person or a program."),
    text: z.string(),
    checks: z.array(DecidedCheck).readonly().describe("As they stood at that moment."),
  })
  .readonly()
  .meta({ id: "Decision" });

export const WindowView = z
  .object({
    entry: z.number().int().describe("Counts entries into steps, from 1; a step that was retried has several."),
    at: z.string().describe("Its end."),
    ms: z.number(),
    canary: Count,
    stable: Count,
    slowMs: SlowMs,
    logHarm: Against,
    logHealthy: InFavour.nullable(),
    part: z.boolean().describe("It was not full when the fast path decided on it; no other test has seen it."),
  })
  .readonly()
  .meta({ id: "Window", description: "One evidence window, and the evidence after it." });

export const ExplainedCheck = z
  .object({
    ...decidedCheck,
    recorded: z.array(WindowView).readonly().describe("The windows that were compared, oldest first; empty for a fixed bound."),
    dropped: z.number().int().describe("How many older windows are no longer kept."),
  })
  .readonly()
  .meta({ id: "ExplainedCheck" });

export const HookRunView = z
  .object({
    name: z.string(),
    point: z.enum([
      "beforeStart",
      "beforeStep",
      "afterStep",
      "beforePromote",
      "afterPromote",
      "afterRevert",
      "onFailed",
      "deploy",
      "rollback",
    ]),
    member: z.string().nullable().describe("Who it is run for; null where it runs once for all."),
    step: z.number().int().nullable().describe("Index into the rollout's `steps`, from 0."),
    run: z.number().int().describe("Counts the runs of this work, from 1: one that a kill interrupted is run again."),
    is: z.enum(["running", "succeeded", "failed"]),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    text: z.string().describe("How it ended, in a sentence; empty while it runs."),
    output: z.string().describe("The end of what it said, without secrets."),
  })
  .readonly()
  .meta({ id: "HookRun", description: "The newest run of a hook." });

export const ExplanationView = z
  .object({
    rollout: RolloutView,
    text: z.string().describe("The whole in a sentence."),
    decisions: z.array(DecisionView).readonly().describe("In the order in which they were made."),
    checks: z.array(ExplainedCheck).readonly().describe("As they stand now, or stood at the end."),
    hooks: z.array(HookRunView).readonly().describe("The newest run of each hook, in the order in which they began."),
  })
  .readonly()
  .meta({ id: "Explanation", description: "Why a rollout went on, back or nowhere." });
