import type { FastifyInstance } from "fastify";
import type { Ms } from "../core/units.ts";

/**
 * Ends the server: nobody new is let in, streams get their end, and requests that are under way may finish, within a limit. What is not
 * done by then is cut off.
 */
export async function stop(app: FastifyInstance, stopping: AbortController, stopMs: Ms): Promise<void> {
  stopping.abort();
  const limit = setTimeout(() => app.server.closeAllConnections(), stopMs);
  // A connection that is kept alive only turns idle with its answer.
  const idle = setInterval(() => app.server.closeIdleConnections(), 20);
  try {
    await app.close();
  } finally {
    clearTimeout(limit);
    clearInterval(idle);
  }
}
