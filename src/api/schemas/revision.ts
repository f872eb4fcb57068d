import { z } from "zod";
import { Cursor, NextCursor, Text } from "./names.ts";
import { Strategy } from "./rollout.ts";

/** The wire shapes of a service's history; the same as `RevisionView`, which a test proves. */

export const RevisionView = z
  .object({
    number: z.number().int().describe("From 1; 0 is what was stable before the first rollout."),
    rollout: z.string().nullable(),
    strategy: Strategy.nullable(),
    version: z.string().nullable(),
    from: z.string().nullable(),
    to: z.string().describe("The pool that traffic moved to, or whose members were updated."),
    stable: z.string().describe("The pool that was stable after it."),
    members: z
      .array(z.string())
      .readonly()
      .nullable()
      .describe("Members of the stable pool at that time; null where that was not written down."),
    undoes: z.number().int().nullable().describe("The number of the revision that an undo went back to."),
    reason: z.string().nullable().describe("What whoever started it said."),
    result: z.enum(["initial", "promoted", "reverted"]),
    cause: z.string().nullable(),
    left: z
      .array(z.string())
      .readonly()
      .describe("Members that still run its version although it was reverted: only `rolling` leaves any."),
    startedBy: z.string().nullable(),
    startedAt: z.string().nullable(),
    endedAt: z.string().nullable(),
    durationMs: z.number().nullable(),
  })
  .readonly()
  .meta({ id: "Revision", description: "One finished rollout of a service." });

export const RevisionList = z
  .object({
    revisions: z.array(RevisionView).readonly().describe("Newest first."),
    next: NextCursor,
  })
  .readonly()
  .meta({ id: "RevisionList" });

export const RevisionQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20).describe("How many to answer at most."),
  before: z.coerce.number().int().min(0).max(1_000_000).optional().describe("Only revisions with a lower number."),
  cursor: Cursor,
});

export const UndoBody = z
  .strictObject({
    revision: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe("The revision to go back to; left out, the newest that was stable before, and brought something else."),
    replace: z.boolean().default(false).describe("Send a rollout that is under way back first."),
    reason: Text.optional().describe("Why, for the journal."),
  })
  .meta({ id: "Undo" });
