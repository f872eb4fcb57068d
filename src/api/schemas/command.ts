import { z } from "zod";
import { Text } from "./names.ts";

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

/** The verbs that take nothing but a reason, in the order in which they are shown. */
export const PLAIN_VERBS = ["promote", "pause", "resume", "abort", "retry"] as const;
