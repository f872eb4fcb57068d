import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";

/** Bounded, and nothing that a log line, a header or a URI reference would read as more than an id. */
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The `X-Request-Id` of the client where it is a plain id, else a new one. */
export function requestId(request: IncomingMessage): string {
  const sent = request.headers["x-request-id"];
  return typeof sent === "string" && ID.test(sent) ? sent : randomUUID();
}

/** What a log line tells of the target: people put secrets into queries. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split("?")[0] ?? "";
}
