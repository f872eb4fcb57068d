import type { Control } from "../core/control.ts";
import { eTag } from "./if-match.ts";
import { pageByName } from "./page.ts";
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
      const all = (await control.services()).filter(({ name }) => sees(request, name));
      return pageByName(request, reply, "services", all);
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
