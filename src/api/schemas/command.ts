import { z } from "zod";
import { MemberAddress, Text } from "./names.ts";

/** The bodies of the verbs: what a person or a program tells the rollout of a service. */

const reason = Text.optional().describe("Why, for the journal.");

export const CommandBody = z.strictObject({ reason }).meta({ id: "Command" });

export const AdvanceBody = z
  .strictObject({
    step: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe("The step that the caller means, from 0, so that a second click never skips one; left out, the present one."),
    reason,
  })
  .meta({ id: "Advance" });

export const RetryBody = z
  .strictObject({
    from: z
      .literal("start")
      .optional()
      .describe("`start` begins a failed rollout anew at its first step; left out, it goes on from the step that failed."),
    reason,
  })
  .meta({ id: "Retry" });

/** The verbs that take nothing but a reason, in the order in which they are shown. */
export const PLAIN_VERBS = ["promote", "pause", "resume", "abort"] as const;

/** The verbs about a member of a rolling rollout. */
export const MEMBER_VERBS = ["skip", "exclude"] as const;

export const MemberCommandBody = z
  .strictObject({
    member: MemberAddress.optional().describe("The member that is meant; may be left out where only one has failed."),
    reason,
  })
  .meta({ id: "MemberCommand" });
