import { z } from "zod";
import type { Control } from "../core/control.ts";
import type { ApiOptions } from "./options.ts";
import type { Principal } from "./principal.ts";
import { ApiError } from "./problem.ts";
import { operation, type Routes } from "./route.ts";
import { Alive, Ready } from "./schemas/health.ts";

/** Liveness, readiness and the page for Prometheus. */
export function healthRoutes(
  app: Routes,
  control: Control,
  { version, metrics: page }: Pick<ApiOptions, "version" | "metrics">,
): void {
  const live = operation("healthz", "health", "The process is up", "open");
  app.get("/healthz", { config: live.config, schema: { ...live.words, response: { 200: Alive, ...live.problem } } }, () => ({
    status: "ok" as const,
    version,
  }));

  const ready = operation(
    "readyz",
    "health",
    "The state is loaded and an nginx has reported; a token shows what is missing",
    "open",
  );
  app.get(
    "/readyz",
    { config: ready.config, schema: { ...ready.words, response: { 200: Ready, ...ready.problem } } },
    (request) => {
      const { ready, problems } = control.readiness();
      const told = maySeeAll(request.principal) ? problems : [];
      if (!ready) throw notReady(told);
      return { ready, problems: told };
    },
  );

  const metrics = operation("metrics", "health", "What Prometheus reads", "read");
  app.get(
    "/metrics",
    { config: metrics.config, schema: { ...metrics.words, response: { 200: PAGE, ...metrics.problem } } },
    async (_request, reply) => {
      const { type, text } = await page();
      reply.type(type);
      return text;
    },
  );
}

/** Problems name services and hosts. */
function maySeeAll(principal: Principal | null): boolean {
  return principal !== null && principal.services === null;
}

const PAGE = { description: "The Prometheus text format.", content: { "text/plain": { schema: z.string() } } };

function notReady(problems: readonly string[]): ApiError {
  const why = problems.length === 0 ? "Sluice is not ready yet." : `Sluice is not ready yet: ${problems.join("; ")}.`;
  return new ApiError("starting", why, "Ask again in a moment; the log tells more.");
}
