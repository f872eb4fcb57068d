import { actorOf } from "./auth.ts";
import { operation, type Routes } from "./route.ts";
import { Whoami } from "./schemas/whoami.ts";

/** Tells a page or a script what its token is good for, before it tries. */
export function whoamiRoutes(app: Routes): void {
  const who = operation("whoami", "health", "Whose token this is, and what it may do", "read", true);
  app.get(
    "/v1/whoami",
    { config: who.config, schema: { ...who.words, response: { 200: Whoami, ...who.problem } } },
    (request) => {
      const { name, scopes, services } = actorOf(request);
      return { name, scopes, services };
    },
  );
}
