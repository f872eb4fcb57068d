import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Control } from "../core/control.ts";
import type { EventView } from "../core/view.ts";
import { eventPage } from "./event-page.ts";
import { type Streaming, streamEvents } from "./event-stream.ts";
import type { Limits } from "./options.ts";
import { ApiError } from "./problem.ts";
import { onlyService, seesEvent } from "./reach.ts";
import { operation, type Routes } from "./route.ts";
import { EventList, EventStreamHeaders, EventStreamQuery } from "./schemas/event.ts";

const FORMS = {
  description: "A list for `Accept: application/json`, else server-sent events whose data is an Event.",
  content: { "application/json": { schema: EventList }, "text/event-stream": { schema: z.string() } },
};

/** The journal: as a page, or as a stream that goes on. */
export function eventRoutes(app: Routes, control: Control, limits: Limits, streaming: Streaming): void {
  let streams = 0;
  const events = operation("followEvents", "events", "What happens, as it happens, or a page of it", "read", true);
  app.get(
    "/v1/events",
    {
      sse: "manual",
      config: events.config,
      schema: {
        ...events.words,
        querystring: EventStreamQuery,
        headers: EventStreamHeaders,
        response: { 200: FORMS, ...events.problem },
      },
    },
    async (request, reply) => {
      const service = onlyService(request, request.query.service ?? null);
      const { after } = request.query;
      if (wanted(request) === "json") return eventPage(control, { service, rollout: null }, request, reply);
      if (streams >= limits.streams)
        throw new ApiError("overloaded", `${limits.streams} streams are open already.`, "Close one first.");
      streams += 1;
      try {
        const from = request.headers["last-event-id"] ?? after;
        const seen = (events: AsyncIterable<EventView>) => onlySeen(request, events);
        const follow = (signal: AbortSignal) => seen(control.follow({ service }, from, signal));
        await streamEvents(reply, follow, request.stillMay, streaming);
      } finally {
        streams -= 1;
      }
      return undefined;
    },
  );
}

/** Without the events of services that the token does not reach; ends where the token was taken back, or its time is over. */
async function* onlySeen(request: FastifyRequest, events: AsyncIterable<EventView>): AsyncGenerator<EventView> {
  for await (const event of events) {
    if (!request.stillMay()) return;
    if (seesEvent(request, event)) yield event;
  }
}

/** Whichever of the two forms the client names first; a stream where it takes anything. */
function wanted(request: FastifyRequest): "json" | "stream" {
  const ranges = (request.headers.accept ?? "*/*").split(",").map((range) => (range.split(";")[0] ?? "").trim().toLowerCase());
  const named = ranges.find((range) => range === "application/json" || range === "text/event-stream");
  if (named !== undefined) return named === "application/json" ? "json" : "stream";
  if (ranges.includes("*/*") || ranges.includes("text/*")) return "stream";
  if (ranges.includes("application/*")) return "json";
  throw new ApiError(
    "not-acceptable",
    "Events come as application/json or text/event-stream.",
    "Ask for one of the two in Accept.",
  );
}
