import type { FastifyReply, FastifyRequest } from "fastify";
import type { Control, Started, StartInput } from "../core/control.ts";
import type { CanaryStep } from "../core/service.ts";
import type { RolloutView as RolloutAnswer } from "../core/view.ts";
import { actorOf } from "./auth.ts";
import { eventPage } from "./event-page.ts";
import { lookedAt } from "./if-match.ts";
import type { ApiOptions } from "./options.ts";
import { fromCursor, linkNext } from "./page.ts";
import { mustSee } from "./reach.ts";
import { operation, type Routes } from "./route.ts";
import { EventList, EventQuery } from "./schemas/event.ts";
import { ExplanationView } from "./schemas/explanation.ts";
import { ROLLOUT_ID, RolloutPath, ServicePath } from "./schemas/names.ts";
import { RolloutList, RolloutQuery, RolloutView, StartBody, SwitchBody } from "./schemas/rollout.ts";
import { AlreadyStable } from "./schemas/service.ts";
import { acceptSteps } from "./steps.ts";

/** Rollouts: start one, look at them. */
export function rolloutRoutes(app: Routes, control: Control, parseSteps: ApiOptions["parseSteps"]): void {
  startRoutes(app, control, parseSteps);

  const list = operation("listRollouts", "rollouts", "The rollouts of a service, newest first", "read");
  app.get(
    "/v1/services/:service/rollouts",
    {
      config: list.config,
      schema: { ...list.words, params: ServicePath, querystring: RolloutQuery, response: { 200: RolloutList, ...list.problem } },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const rollouts = await control.rollouts(request.params.service, { limit, before: fromCursor(cursor, ROLLOUT_ID) });
      return { rollouts, next: linkNext(request, reply, rollouts.length < limit ? null : (rollouts.at(-1)?.id ?? null)) };
    },
  );

  const show = operation("getRollout", "rollouts", "One rollout", "read", true);
  app.get(
    "/v1/rollouts/:id",
    { config: show.config, schema: { ...show.words, params: RolloutPath, response: { 200: RolloutView, ...show.problem } } },
    (request) => reached(control, request, request.params.id),
  );

  const why = operation(
    "explainRollout",
    "rollouts",
    "Why a rollout went on, back or nowhere, with what was counted",
    "read",
    true,
  );
  app.get(
    "/v1/rollouts/:id/explanation",
    { config: why.config, schema: { ...why.words, params: RolloutPath, response: { 200: ExplanationView, ...why.problem } } },
    async (request) => {
      const { id } = await reached(control, request, request.params.id);
      return control.explanation(id);
    },
  );

  const events = operation("listRolloutEvents", "rollouts", "What happened in a rollout", "read", true);
  app.get(
    "/v1/rollouts/:id/events",
    {
      config: events.config,
      schema: { ...events.words, params: RolloutPath, querystring: EventQuery, response: { 200: EventList, ...events.problem } },
    },
    async (request, reply) => {
      const { id } = await reached(control, request, request.params.id);
      return eventPage(control, { service: null, rollout: id }, request, reply);
    },
  );
}

/** A rollout, where its service is one that the token reaches. */
async function reached(control: Control, request: FastifyRequest, id: string): Promise<RolloutAnswer> {
  const rollout = await control.rollout(id);
  mustSee(request, rollout.service);
  return rollout;
}

function startRoutes(app: Routes, control: Control, parseSteps: ApiOptions["parseSteps"]): void {
  const response = { 200: AlreadyStable, 201: RolloutView };

  const start = operation("startRollout", "rollouts", "Start a rollout; 200 where the pool is stable already", "operate");
  app.post(
    "/v1/services/:service/rollouts",
    {
      config: start.config,
      schema: { ...start.words, params: ServicePath, body: StartBody, response: { ...response, ...start.problem } },
    },
    async (request, reply) => {
      const { strategy, steps, ...common } = request.body;
      const input = startInput(strategy, common, steps === undefined ? null : acceptSteps(parseSteps(steps)));
      return answer(
        reply,
        await control.start(request.params.service, input, actorOf(request), lookedAt(request.headers["if-match"], input)),
      );
    },
  );

  const change = operation(
    "switchService",
    "rollouts",
    "Blue-green in one call; 200 where the pool is stable already",
    "operate",
  );
  app.post(
    "/v1/services/:service/switch",
    {
      config: change.config,
      schema: { ...change.words, params: ServicePath, body: SwitchBody, response: { ...response, ...change.problem } },
    },
    async (request, reply) => {
      const input = startInput("blue-green", request.body, null);
      return answer(
        reply,
        await control.start(request.params.service, input, actorOf(request), lookedAt(request.headers["if-match"], input)),
      );
    },
  );
}

type Common = { to?: string | undefined; version?: string | undefined; replace: boolean; reason?: string | undefined };

/** What a start is asked for, with null where the caller says nothing. */
export function startInput(strategy: StartInput["strategy"], given: Common, steps: readonly CanaryStep[] | null): StartInput {
  const { to = null, version = null, replace, reason = null } = given;
  return { strategy, to, version, steps, replace, reason };
}

function answer(reply: FastifyReply, started: Started): FastifyReply {
  if (started.is === "started") {
    return reply
      .code(201)
      .header("location", `/v1/rollouts/${encodeURIComponent(started.rollout.id)}`)
      .send(started.rollout);
  }
  const { service } = started;
  return reply
    .code(200)
    .send({ code: "already-stable", text: `${service.stable} is stable already; nothing was started.`, service });
}
