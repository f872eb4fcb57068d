import type { Control } from "../core/control.ts";
import { actorOf } from "./auth.ts";
import { operation, type Routes } from "./route.ts";
import { MemberPath, PoolPath } from "./schemas/names.ts";
import { MembersBody, ServiceView } from "./schemas/service.ts";

/** The members of a pool: set them, go back to the configured ones, take one out or put it back. */
export function memberRoutes(app: Routes, control: Control): void {
  const set = operation("setMembers", "members", "Set the members of a pool", "operate");
  app.put(
    "/v1/services/:service/pools/:pool/members",
    {
      config: set.config,
      schema: { ...set.words, params: PoolPath, body: MembersBody, response: { 200: ServiceView, ...set.problem } },
    },
    (request) => control.setMembers(request.params.service, request.params.pool, request.body, actorOf(request)),
  );

  const reset = operation("resetMembers", "members", "Go back to the configured members of a pool", "operate");
  app.delete(
    "/v1/services/:service/pools/:pool/members",
    { config: reset.config, schema: { ...reset.words, params: PoolPath, response: { 200: ServiceView, ...reset.problem } } },
    (request) => control.setMembers(request.params.service, request.params.pool, null, actorOf(request)),
  );

  const states = [
    ["drain", "draining", "Take a member out of nginx"],
    ["ready", "ready", "Put a member back into nginx"],
  ] as const;
  for (const [verb, state, summary] of states) {
    const move = operation(`${verb}Member`, "members", summary, "operate");
    app.post(
      `/v1/services/:service/pools/:pool/members/:member/${verb}`,
      { config: move.config, schema: { ...move.words, params: MemberPath, response: { 200: ServiceView, ...move.problem } } },
      (request) => {
        const { service, pool, member } = request.params;
        return control.setMember(service, pool, member, state, actorOf(request));
      },
    );
  }
}
