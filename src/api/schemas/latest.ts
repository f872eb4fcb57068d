import { z } from "zod";
import { EventView } from "./event.ts";
import { Limit, ServiceName } from "./names.ts";

export const LatestQuery = z.object({ service: ServiceName.optional().describe("Only events of this service."), limit: Limit });

export const LatestEvents = z
  .object({
    events: z.array(EventView).readonly().describe("The newest that match, in the order in which they happened."),
    newest: z.number().int().describe("The `seq` of the newest event of all: the `after` of a stream that goes on from here."),
  })
  .readonly()
  .meta({ id: "LatestEvents" });
