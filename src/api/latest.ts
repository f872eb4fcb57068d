import type { Control } from "../core/control.ts";
import { operation, type Routes } from "./route.ts";
import { LatestEvents, LatestQuery } from "./schemas/latest.ts";

/** The end of the journal, for whoever begins to watch: what happened last, and from where on to follow. */
export function latestRoutes(app: Routes, control: Control): void {
  const latest = operation("latestEvents", "events", "What happened last, and from where on to follow", "read");
  app.get(
    "/v1/events/latest",
    {
      config: latest.config,
      schema: { ...latest.words, querystring: LatestQuery, response: { 200: LatestEvents, ...latest.problem } },
    },
    ({ query: { service = null, limit } }) => control.latest({ service }, limit),
  );
}
