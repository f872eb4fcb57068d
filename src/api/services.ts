import type { Control } from "../core/control.ts";
import { eTag } from "./if-match.ts";
import { fromCursor, linkNext } from "./page.ts";
import { sees } from "./reach.ts";
import { operation, type Routes } from "./route.ts";
import { ServicePath } from "./schemas/names.ts";
import { ServiceList, ServiceQuery, ServiceView } from "./schemas/service.ts";

/** Services as they are wanted, applied and observed. */
export function serviceRoutes(app: Routes, control: Control): void {
  const list = operation("listServices", "services", "All services that the token reaches", "read", true);
  app.get(
    "/v1/services",
    {
      config: list.config,
      schema: { ...list.words, querystring: ServiceQuery, response: { 200: ServiceList, ...list.problem } },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const all = (await control.services()).filter(({ name }) => sees(request, name));
      if (limit === undefined && cursor === undefined) return { services: all, next: null };
      // By name, so that a service that comes or goes meanwhile moves no other to another page.
      const last = fromCursor(cursor, /^[a-z][a-z0-9-]{0,39}$/) ?? "";
      const rest = all.filter(({ name }) => name > last).sort((one, other) => (one.name < other.name ? -1 : 1));
      const services = rest.slice(0, limit);
      return { services, next: linkNext(request, reply, services.length < rest.length ? (services.at(-1)?.name ?? null) : null) };
    },
  );

  const show = operation("getService", "services", "One service; its ETag is for If-Match", "read");
  app.get(
    "/v1/services/:service",
    { config: show.config, schema: { ...show.words, params: ServicePath, response: { 200: ServiceView, ...show.problem } } },
    async (request, reply) => {
      const service = await control.service(request.params.service);
      return reply.header("etag", eTag(service.etag)).send(service);
    },
  );
}
