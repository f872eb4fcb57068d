import type { Actor } from "../core/control.ts";
import type { ReloadView as View } from "../core/view.ts";
import { actorOf } from "./auth.ts";
import { operation, type Routes } from "./route.ts";
import { ReloadBody, ReloadView } from "./schemas/reload.ts";

/** Takes over the changed configuration, as SIGHUP does. */
export function reloadRoutes(app: Routes, reload: (actor: Actor) => Promise<View>): void {
  const words = operation("reloadConfiguration", "configuration", "Read the configuration anew, all or nothing", "admin");
  app.post(
    "/v1/reload",
    { config: words.config, schema: { ...words.words, body: ReloadBody, response: { 200: ReloadView, ...words.problem } } },
    (request) => reload(actorOf(request)),
  );
}
