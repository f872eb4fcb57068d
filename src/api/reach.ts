import type { FastifyRequest } from "fastify";
import type { EventView } from "../core/view.ts";
import { actorOf } from "./auth.ts";
import { outOfReach } from "./principal.ts";

/** Whether who asks may see a service at all. */
export function sees(request: FastifyRequest, service: string): boolean {
  const { services } = actorOf(request);
  return services === null || services.includes(service);
}

/** Throws a 403 where a token is for other services. */
export function mustSee(request: FastifyRequest, service: string): void {
  if (!sees(request, service)) throw outOfReach(actorOf(request));
}

/** The only service that a request can be about, by what it asks for and by its token; null for several. */
export function onlyService(request: FastifyRequest, asked: string | null): string | null {
  const { services } = actorOf(request);
  if (asked !== null) mustSee(request, asked);
  return asked ?? (services?.length === 1 ? (services[0] ?? null) : null);
}

/** The same of an event. A reset is for everybody, what else is about no service (tokens, the configuration) for who reaches all. */
export function seesEvent(request: FastifyRequest, { service, kind }: EventView): boolean {
  return kind === "reset" || (service === "" ? actorOf(request).services === null : sees(request, service));
}
