import type { Control } from "../core/control.ts";
import { operation, type Routes } from "./route.ts";
import { ServicePath } from "./schemas/names.ts";
import { TrafficQuery, TrafficView } from "./schemas/traffic.ts";

/** What the pools of a service did lately, for curves. */
export function trafficRoutes(app: Routes, control: Control): void {
  const traffic = operation(
    "getTraffic",
    "services",
    "Requests, failures and latencies of each pool over the last minutes",
    "read",
  );
  app.get(
    "/v1/services/:service/traffic",
    {
      config: traffic.config,
      schema: {
        ...traffic.words,
        params: ServicePath,
        querystring: TrafficQuery,
        response: { 200: TrafficView, ...traffic.problem },
      },
    },
    ({ params, query: { everyMs, from } }) =>
      control.traffic(params.service, { everyMs, from: from === undefined ? 0 : Date.parse(from) }),
  );
}
