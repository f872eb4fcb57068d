import type { Control } from "../core/control.ts";
import { actorOf } from "./auth.ts";
import { lookedAt } from "./if-match.ts";
import { fromCursor, linkNext } from "./page.ts";
import { operation, type Routes } from "./route.ts";
import { ServicePath } from "./schemas/names.ts";
import { RevisionList, RevisionQuery, UndoBody } from "./schemas/revision.ts";
import { RolloutView } from "./schemas/rollout.ts";

/** The history of a service, and the way back in it. */
export function revisionRoutes(app: Routes, control: Control): void {
  const list = operation("listRevisions", "rollouts", "The finished rollouts of a service, newest first", "read");
  app.get(
    "/v1/services/:service/revisions",
    {
      config: list.config,
      schema: {
        ...list.words,
        params: ServicePath,
        querystring: RevisionQuery,
        response: { 200: RevisionList, ...list.problem },
      },
    },
    async (request, reply) => {
      const { limit, before = null, cursor } = request.query;
      const last = fromCursor(cursor, /^\d{1,9}$/);
      const revisions = await control.revisions(request.params.service, { limit, before: last === null ? before : Number(last) });
      return { revisions, next: linkNext(request, reply, revisions.length < limit ? null : String(revisions.at(-1)?.number)) };
    },
  );
  const undo = operation("undoService", "rollouts", "Go back to an earlier revision, by a new rollout", "operate");
  app.post(
    "/v1/services/:service/undo",
    {
      config: undo.config,
      schema: { ...undo.words, params: ServicePath, body: UndoBody, response: { 201: RolloutView, ...undo.problem } },
    },
    async (request, reply) => {
      const { revision = null, replace, reason = null } = request.body;
      const tag = lookedAt(request.headers["if-match"], request.body);
      const rollout = await control.undo(request.params.service, { revision, replace, reason }, actorOf(request), tag);
      return reply
        .code(201)
        .header("location", `/v1/rollouts/${encodeURIComponent(rollout.id)}`)
        .send(rollout);
    },
  );
}
