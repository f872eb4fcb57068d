import type { FastifyReply, FastifyRequest } from "fastify";
import type { Control } from "../core/control.ts";
import type { EventView } from "../core/view.ts";
import { fromCursor, linkNext } from "./page.ts";
import { seesEvent } from "./reach.ts";

type Asked = { readonly after: number; readonly limit: number; readonly cursor?: string | undefined };

/** A page of the journal; a cursor wins over `after`. */
export async function eventPage(
  control: Control,
  filter: { service: string | null; rollout: string | null },
  request: FastifyRequest<{ Querystring: Asked }>,
  reply: FastifyReply,
): Promise<{ events: readonly EventView[]; next: string | null }> {
  const { after, limit, cursor } = request.query;
  const last = fromCursor(cursor, /^\d{1,15}$/);
  const events = await control.events(filter, { after: last === null ? after : Number(last), limit });
  return {
    events: events.filter((event) => seesEvent(request, event)),
    next: linkNext(request, reply, events.length < limit ? null : String(events.at(-1)?.seq)),
  };
}
