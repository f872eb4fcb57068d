import type { FastifyReply, FastifyRequest } from "fastify";
import type { Actor, Control } from "../core/control.ts";
import type { ServiceView as View } from "../core/view.ts";
import { actorOf } from "./auth.ts";
import { eTag, ifMatch } from "./if-match.ts";
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
    (request, reply) =>
      tagged(reply, control.setMembers(request.params.service, request.params.pool, request.body, ...about(request))),
  );

  const reset = operation("resetMembers", "members", "Go back to the configured members of a pool", "operate");
  app.delete(
    "/v1/services/:service/pools/:pool/members",
    { config: reset.config, schema: { ...reset.words, params: PoolPath, response: { 200: ServiceView, ...reset.problem } } },
    (request, reply) => tagged(reply, control.setMembers(request.params.service, request.params.pool, null, ...about(request))),
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
      (request, reply) => {
        const { service, pool, member } = request.params;
        return tagged(reply, control.setMember(service, pool, member, state, ...about(request)));
      },
    );
  }
}

/** Who asks, and which state of the service they saw. */
function about(request: FastifyRequest): [actor: Actor, ifMatch: string | null] {
  return [actorOf(request), ifMatch(request.headers["if-match"])];
}

/** The answer, with the tag for the next change. */
async function tagged(reply: FastifyReply, changed: Promise<View>): Promise<View> {
  const service = await changed;
  reply.header("etag", eTag(service.etag));
  return service;
}
