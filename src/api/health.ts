import { z } from "zod";
import type { Control } from "../core/control.ts";
import type { Principal } from "./principal.ts";
import { ApiError } from "./problem.ts";
import { operation, type Routes } from "./route.ts";
import { Alive, Ready } from "./schemas/health.ts";

/** Liveness, readiness and the page for Prometheus. */
export function healthRoutes(app: Routes, control: Control, version: string): void {
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
    { config: metrics.config, schema: { ...metrics.words, response: { 200: page, ...metrics.problem } } },
    (_request, reply) => {
      reply.type("text/plain; version=0.0.4; charset=utf-8");
      return exposition(control, version);
    },
  );
}

/** Problems name services and hosts. */
function maySeeAll(principal: Principal | null): boolean {
  return principal !== null && principal.services === null;
}

const page = { description: "The Prometheus text format.", content: { "text/plain": { schema: z.string() } } };

function notReady(problems: readonly string[]): ApiError {
  const why = problems.length === 0 ? "Sluice is not ready yet." : `Sluice is not ready yet: ${problems.join("; ")}.`;
  return new ApiError("starting", why, "Ask again in a moment; the log tells more.");
}

function exposition(control: Control, version: string): string {
  return [
    "# HELP sluice_build_info The version that runs.",
    "# TYPE sluice_build_info gauge",
    `sluice_build_info{version="${version}"} 1`,
    "# HELP sluice_ready 1 once the state is loaded and an nginx has reported.",
    "# TYPE sluice_ready gauge",
    `sluice_ready ${control.readiness().ready ? 1 : 0}`,
    "",
  ].join("\n");
}
