import { z } from "zod";
import { AfterSeq, Cursor, Limit, NextCursor, Seq, ServiceName } from "./names.ts";

/** The wire shape of journal lines; the same as `EventView`, which a test proves. */
export const EventView = z
  .object({
    seq: z.number().int().describe("Dense, from 1; the id of the server-sent event."),
    at: z.string(),
    service: z.string().describe("Empty for what is about no service: tokens, the configuration, a `reset`."),
    rollout: z.string().nullable(),
    step: z.number().int().nullable(),
    kind: z.string().describe("`reset` stands for events that are no longer kept: `data` has their numbers."),
    actor: z.string().nullable(),
    text: z.string(),
    data: z.record(z.string(), z.unknown()).readonly(),
  })
  .readonly()
  .meta({ id: "Event" });

export const EventList = z
  .object({
    events: z.array(EventView).readonly().describe("In the order in which they happened."),
    next: NextCursor,
  })
  .readonly()
  .meta({ id: "EventList" });

export const EventQuery = z.object({ after: AfterSeq, limit: Limit, cursor: Cursor });

export const EventStreamQuery = z.object({
  service: ServiceName.optional().describe("Only events of this service."),
  after: AfterSeq,
  limit: Limit.describe("How many to answer at most; a stream has no limit."),
  cursor: Cursor,
});

export const EventStreamHeaders = z.object({
  "last-event-id": Seq.optional().describe("The id of the last event that the client has; wins over `after`."),
});
