import type { Socket } from "node:net";
import { inspect } from "node:util";
import type { FastifyReply, FastifyRequest } from "fastify";
import { StoreError } from "../core/errors.ts";
import type { Log } from "../core/ports.ts";
import { ApiError, apiError, PROBLEM_TYPE, problem } from "./problem.ts";
import { pathOf } from "./request-id.ts";

/** The one place that answers errors. What the client may not see is logged with the id of the request. */
export function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const known = apiError(error);
  const document = problem(known, request.id);
  const fields = { request: request.id, method: request.method, path: pathOf(request) };
  if (known.code === "internal") log.error("A request failed", { ...fields, error: inspect(error) });
  else if (error instanceof StoreError) log.error("A request needs the store", { ...fields, error: inspect(error) });
  reply
    .code(document.status)
    .headers({ "x-request-id": request.id, "cache-control": "no-store", "content-type": PROBLEM_TYPE })
    .send(JSON.stringify(document));
}

/** A path that is not there, or that does not have this method. */
export function answerNotFound(methodsOf: (path: string) => readonly string[]) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const methods = methodsOf(pathOf(request));
    if (methods.length === 0)
      throw new ApiError("not-found", "There is nothing at this path.", "GET /openapi.json lists what there is.");
    reply.header("allow", methods.join(", "));
    throw new ApiError("method-not-allowed", `This path has no ${request.method}.`, `It has ${methods.join(", ")}.`);
  };
}

type Broken = Error & { readonly code?: string };

/** What is not HTTP never becomes a request: it is answered on the socket, and the connection ends. */
export function answerBrokenRequest(error: Broken, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (socket.writable) {
    const document = problem(brokenRequest(error.code), "unparsed");
    const body = JSON.stringify(document);
    socket.write(
      `HTTP/1.1 ${document.status} ${document.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

function brokenRequest(code: string | undefined): ApiError {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new ApiError("request-timeout", "The request did not arrive in time.");
  if (code === "HPE_HEADER_OVERFLOW") return new ApiError("headers-too-large", "The headers are larger than 16 kB.");
  return new ApiError("bad-request", "This is not an HTTP request.");
}
