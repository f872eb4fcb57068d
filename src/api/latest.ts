import type { Control } from "../core/control.ts";
import { onlyService, seesEvent } from "./reach.ts";
import { operation, type Routes } from "./route.ts";
import { LatestEvents, LatestQuery } from "./schemas/latest.ts";

/** The end of the journal, for whoever begins to watch: what happened last, and from where on to follow. */
export function latestRoutes(app: Routes, control: Control): void {
  const latest = operation("latestEvents", "events", "What happened last, and from where on to follow", "read", true);
  app.get(
    "/v1/events/latest",
    {
      config: latest.config,
      schema: { ...latest.words, querystring: LatestQuery, response: { 200: LatestEvents, ...latest.problem } },
    },
    async (request) => {
      const { service = null, limit } = request.query;
      const latest = await control.latest({ service: onlyService(request, service) }, limit);
      return { ...latest, events: latest.events.filter((event) => seesEvent(request, event)) };
    },
  );
}
