import { z } from "zod";
import { Cursor, NextCursor, Text } from "./names.ts";

/** The wire shapes of rollouts; the same as `RolloutView`, which a test proves. Instants are RFC 3339 in UTC. */

export const Shares = z
  .record(z.string(), z.number().int().min(0).max(10_000))
  .readonly()
  .describe("Basis points (1/10 000) of the traffic by pool; pools that are not named have none; they sum to 10 000.");

export const Strategy = z.enum(["blue-green", "canary", "rolling"]);

export const PhaseName = z
  .enum(["applying", "observing", "waiting", "paused", "reverting", "promoted", "reverted", "failed"])
  .describe("`promoted` and `reverted` are ends; `failed` wants stable and needs a person.");

export const StepView = z
  .object({
    label: z.string(),
    shares: Shares,
    state: z
      .enum(["done", "now", "next", "skipped", "stopped"])
      .describe("`stopped` is where a rollout turned back; `skipped` are those that it never came to."),
    until: z.enum(["time", "evidence", "approval"]).describe("What ends it: its time, its evidence, or a person."),
  })
  .readonly()
  .meta({ id: "Step" });

export const Needed = z
  .object({
    requests: z.number().nullable().describe("Requests on the candidate."),
    ms: z.number().nullable().describe("Time, at the present rate of requests."),
  })
  .readonly()
  .meta({ id: "Needed" });

export const CheckView = z
  .object({
    name: z.string(),
    is: z
      .enum(["pass", "fail", "inconclusive", "error"])
      .describe("Only `fail` reverts; `inconclusive` is too little evidence, `error` is evidence that is broken."),
    value: z.number().nullable(),
    limit: z.string().describe("The rule, such as `< 2 %`."),
    samples: z
      .number()
      .nullable()
      .describe("Requests or observations that `value` comes from; null where the source does not count them."),
    windowMs: z.number().describe("The time that `value` comes from."),
    needed: Needed.nullable().describe(
      "What is missing until it can pass, if all goes on as it does; null where it has decided, or nobody knows.",
    ),
    towards: z
      .object({ fail: z.number().nullable(), pass: z.number().nullable() })
      .readonly()
      .describe(
        "How far it has come towards failing and towards passing: 0 is nothing, 1 decides; null where there is nothing to say.",
      ),
    text: z.string(),
  })
  .readonly()
  .meta({ id: "Check" });

const RollingMember = z
  .object({
    address: z.string(),
    batch: z.number().int().nullable().describe("From 1; null for a spare."),
    spare: z.boolean(),
    state: z
      .enum([
        "pending",
        "draining",
        "deploying",
        "checking",
        "returning",
        "monitoring",
        "updated",
        "failed",
        "skipped",
        "excluded",
        "rolling-back",
        "rolled-back",
        "untouched",
      ])
      .describe(
        "`checking` waits for its health; `returning` gets its share back; `pending` is not touched yet, `untouched` for good.",
      ),
    updated: z.boolean().describe("Whether the new version was brought to it for sure, as far as its hooks say."),
    runs: z
      .enum(["before", "new", "unknown"])
      .describe("`unknown` while a hook changes it, and where that hook did not end well: it may run either version."),
    version: z
      .string()
      .nullable()
      .describe(
        "The new version where it is updated; null where it runs what it did before, nobody knows, or nobody named the version.",
      ),
    reason: z.string().nullable(),
  })
  .readonly()
  .meta({ id: "RollingMember" });

export const RollingView = z
  .object({
    pool: z.string(),
    batch: z.number().int().nullable().describe("The batch that is worked on, from 1; null between two of them."),
    batches: z.number().int(),
    minReady: z.number().int().describe("No member is taken out while fewer others than this are ready."),
    goingBack: z.boolean().describe("True where members get their old version back."),
    failing: z
      .object({ members: z.array(z.string()).readonly(), text: z.string() })
      .readonly()
      .nullable()
      .describe("Members that a person has to decide about: retry, skip, exclude or abort."),
    members: z.array(RollingMember).readonly().describe("Spares first, then the others in the order in which they are updated."),
  })
  .readonly()
  .meta({ id: "Rolling", description: "A pool whose members are updated in place, some at a time." });

export const RolloutView = z
  .object({
    id: z.string(),
    service: z.string(),
    strategy: Strategy,
    version: z.string().nullable(),
    from: z.string().describe("The pool that was stable at the start."),
    to: z.string().describe("The pool that traffic moves to."),
    phase: PhaseName,
    step: z.number().int().describe("Index into `steps`, from 0."),
    steps: z.array(StepView).readonly(),
    since: z.string(),
    remainingMs: z
      .number()
      .nullable()
      .describe("What is left of the dwell (of a step until evidence: at most) or the deadline; null where nothing counts down."),
    reason: z.string().describe("Why it is where it is."),
    hold: z
      .object({ on: z.enum(["evidence", "failure", "freeze"]), reason: z.string() })
      .readonly()
      .nullable(),
    checks: z.array(CheckView).readonly(),
    rolling: RollingView.nullable().describe("Null for a strategy that moves traffic from pool to pool."),
    undoes: z.number().int().nullable().describe("The number of the revision that an undo goes back to; null for what is none."),
    startedBy: z.string(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .readonly()
  .meta({ id: "Rollout", description: "One run of a strategy for one service." });

export const RolloutList = z
  .object({
    rollouts: z.array(RolloutView).readonly().describe("Newest first."),
    next: NextCursor,
  })
  .readonly()
  .meta({ id: "RolloutList" });

export const RolloutQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20).describe("How many to answer at most."),
  cursor: Cursor,
});

const common = {
  to: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .describe("The pool to move to; may be left out where there is only one other pool. For `rolling`, the pool to update."),
  version: Text.optional().describe("The version that the pool runs, for people."),
  replace: z.boolean().default(false).describe("Send a rollout that is under way back first, then start."),
  reason: Text.optional().describe("Why, for the journal."),
};

export const StartBody = z
  .strictObject({
    strategy: Strategy,
    ...common,
    steps: z
      .array(z.record(z.string(), z.unknown()))
      .min(1)
      .max(100)
      .optional()
      .describe(
        'Canary steps instead of the configured ones, written as in the configuration: `{ "share": "5%", "for": "5m" }`.',
      ),
  })
  .meta({ id: "Start" });

export const SwitchBody = z.strictObject(common).meta({ id: "Switch", description: "A blue-green rollout in one call." });
