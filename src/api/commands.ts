import type { FastifyRequest } from "fastify";
import type { Control } from "../core/control.ts";
import type { Command } from "../core/rollout.ts";
import { actorOf } from "./auth.ts";
import { ifMatch } from "./if-match.ts";
import { operation, type Routes } from "./route.ts";
import { AdvanceBody, CommandBody, MEMBER_VERBS, MemberCommandBody, PLAIN_VERBS, RetryBody } from "./schemas/command.ts";
import { ServicePath } from "./schemas/names.ts";
import { RolloutView } from "./schemas/rollout.ts";

const SUMMARIES: Readonly<Record<(typeof PLAIN_VERBS)[number], string>> = {
  promote: "Go to 100 % now",
  pause: "Stop the dwell clock and new steps",
  resume: "Go on after a pause",
  abort: "Send the traffic back; accepted in every phase",
};

const MEMBER_SUMMARIES: Readonly<Record<(typeof MEMBER_VERBS)[number], string>> = {
  skip: "Go on without updating a member of a rolling rollout, or with it as it is",
  exclude: "Go on without a member of a rolling rollout; it stays out of nginx until it is put back by hand",
};

/** The verbs for the rollout of a service. 202: it is stored; nginx serves it a moment later. */
export function commandRoutes(app: Routes, control: Control): void {
  const advance = operation(
    "advanceRollout",
    "commands",
    "End the present dwell or wait; approves a step that waits for it",
    "operate",
  );
  app.post(
    "/v1/services/:service/rollout/advance",
    {
      config: advance.config,
      schema: { ...advance.words, params: ServicePath, body: AdvanceBody, response: { 202: RolloutView, ...advance.problem } },
    },
    async (request, reply) => {
      const { step = null, reason = null } = request.body;
      return reply.code(202).send(await send(control, request.params.service, { verb: "advance", step }, reason, request));
    },
  );

  for (const verb of PLAIN_VERBS) {
    const plain = operation(`${verb}Rollout`, "commands", SUMMARIES[verb], "operate");
    app.post(
      `/v1/services/:service/rollout/${verb}`,
      {
        config: plain.config,
        schema: { ...plain.words, params: ServicePath, body: CommandBody, response: { 202: RolloutView, ...plain.problem } },
      },
      async (request, reply) =>
        reply.code(202).send(await send(control, request.params.service, { verb }, request.body.reason ?? null, request)),
    );
  }
  retryRoute(app, control);
  memberVerbs(app, control);
}

function retryRoute(app: Routes, control: Control): void {
  const retry = operation(
    "retryRollout",
    "commands",
    "Go on from what failed: the step, or the members of a rolling rollout; start anew after a reversal",
    "operate",
  );
  app.post(
    "/v1/services/:service/rollout/retry",
    {
      config: retry.config,
      schema: { ...retry.words, params: ServicePath, body: RetryBody, response: { 202: RolloutView, ...retry.problem } },
    },
    async (request, reply) => {
      const { from, reason = null } = request.body;
      const command: Command = from === undefined ? { verb: "retry" } : { verb: "retry", from };
      return reply.code(202).send(await send(control, request.params.service, command, reason, request));
    },
  );
}

function memberVerbs(app: Routes, control: Control): void {
  for (const verb of MEMBER_VERBS) {
    const about = operation(`${verb}Member`, "commands", MEMBER_SUMMARIES[verb], "operate");
    app.post(
      `/v1/services/:service/rollout/${verb}`,
      {
        config: about.config,
        schema: {
          ...about.words,
          params: ServicePath,
          body: MemberCommandBody,
          response: { 202: RolloutView, ...about.problem },
        },
      },
      async (request, reply) => {
        const { member = null, reason = null } = request.body;
        return reply.code(202).send(await send(control, request.params.service, { verb, member }, reason, request));
      },
    );
  }
}

function send(control: Control, service: string, command: Command, reason: string | null, request: FastifyRequest) {
  return control.command(service, command, actorOf(request), { ifMatch: ifMatch(request.headers["if-match"]), reason });
}
