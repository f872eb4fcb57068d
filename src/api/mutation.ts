import type { FastifyRequest } from "fastify";
import { ApiError } from "./problem.ts";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/**
 * Refuses a change that a page of another origin could have sent: by Origin, by Sec-Fetch-Site, and by the content type, which
 * no form can set to JSON.
 *
 * A change without a body may go without a content type where it carries a token, since no form can send that either.
 */
export function checkMutation(request: FastifyRequest): void {
  if (SAFE.has(request.method)) return;
  checkOrigin(request);
  const type = request.headers["content-type"];
  if (type !== undefined ? JSON_TYPE.test(type) : hasNoBody(request) && request.headers.authorization !== undefined) return;
  throw new ApiError(
    "unsupported-media-type",
    type === undefined ? "The request has no content type." : "The content type of the request is not JSON.",
    "Send `Content-Type: application/json`; the body may be empty.",
  );
}

function checkOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const site = request.headers["sec-fetch-site"];
  // Either scheme: what ends TLS before us sees https, we see http.
  const sameOrigin = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  const sameSite = site === undefined || site === "same-origin" || site === "none";
  if (sameOrigin && sameSite) return;
  throw new ApiError(
    "foreign-origin",
    "The request comes from a page of another origin.",
    "Use the CLI, or a page that this API serves.",
  );
}

function hasNoBody(request: FastifyRequest): boolean {
  const length = request.headers["content-length"];
  return request.headers["transfer-encoding"] === undefined && (length === undefined || length === "0");
}
