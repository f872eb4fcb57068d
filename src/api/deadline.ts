import type { FastifyInstance } from "fastify";
import type { Ms } from "../core/units.ts";
import { ApiError } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Runs until the answer went out. */
    deadline: NodeJS.Timeout | null;
  }
}

/**
 * Answers 503 in place of a handler that takes too long; streams, which own their answer, are left alone.
 *
 * Fastify's own `handlerTimeout` does not serve: it stops counting once the body of the request was read.
 */
export function endLateAnswers(app: FastifyInstance, answerMs: Ms): void {
  app.decorateRequest("deadline", null);
  app.addHook("onRequest", async (request, reply) => {
    request.deadline = setTimeout(() => {
      if (!reply.sent && !reply.raw.destroyed) void reply.send(late(answerMs));
    }, answerMs);
    request.deadline.unref();
  });
  app.addHook("onResponse", async (request) => clearTimeout(request.deadline ?? undefined));
}

function late(answerMs: Ms): ApiError {
  const text = `There was no answer within ${answerMs / 1000} s. What was asked for may still happen.`;
  return new ApiError("answer-timeout", text, "Look at the service before you ask again.");
}
