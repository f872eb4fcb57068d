import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Auth, Principal, Scope } from "./options.ts";
import { ApiError } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null only on open routes. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** What a token needs for the route; `open` needs none. */
    scope?: Scope | "open";
  }
}

const HOLDS: Readonly<Record<Scope, readonly Scope[]>> = {
  read: ["read", "operate", "admin"],
  operate: ["operate", "admin"],
  admin: ["admin"],
};

/** RFC 6750: `Bearer` in any case, one space, a token of these characters. */
const BEARER = /^bearer (?<token>[A-Za-z0-9._~+/-]{1,512}=*)$/i;
/** Who a request comes from where nobody has to say so. */
const ANYBODY: Principal = { name: "local", scopes: ["admin"] };

/**
 * Finds out who asks, and whether they may. Counts wrong tokens by address and answers 429 above the limit; a right token is
 * always let in, so that a broken script cannot lock out the person who has to abort.
 */
export function authenticate(
  app: FastifyInstance,
  auth: Auth,
  wrongTokens: number,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const countWrong = app.createRateLimit({
    max: wrongTokens,
    timeWindow: 60_000,
    keyGenerator: (request) => request.ip ?? "unix",
  });
  return async (request, reply) => {
    const scope = request.is404 ? "open" : (request.routeOptions.config.scope ?? "admin");
    const header = request.headers.authorization;
    request.principal = auth.kind === "none" ? ANYBODY : auth.verify(BEARER.exec(header ?? "")?.groups?.token ?? "");
    if (scope === "open") return;
    if (request.principal === null) {
      if (header !== undefined) await refuseGuessing(countWrong, request, reply);
      reply.header("www-authenticate", 'Bearer realm="sluice"');
      throw unauthenticated(header);
    }
    if (!request.principal.scopes.some((held) => HOLDS[scope].includes(held))) {
      reply.header("www-authenticate", `Bearer error="insufficient_scope", scope="${scope}"`);
      throw new ApiError("forbidden", `The token ${request.principal.name} may not do this: it needs the scope ${scope}.`);
    }
  };
}

function unauthenticated(header: string | undefined): ApiError {
  return new ApiError(
    "unauthenticated",
    header === undefined ? "The request has no token." : "The token is not one of this controller.",
    "Send `Authorization: Bearer` and the token from the file `token` in the state folder.",
  );
}

async function refuseGuessing(
  countWrong: ReturnType<FastifyInstance["createRateLimit"]>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const count = await countWrong(request);
  if (count.isAllowed || !count.isExceeded) return;
  reply.header("retry-after", count.ttlInSeconds);
  throw new ApiError(
    "too-many-requests",
    "Too many wrong tokens came from this address.",
    `Try again in ${count.ttlInSeconds} s.`,
  );
}

/** The actor of a request on a route that is not open. */
export function actorOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Error(`${request.method} ${request.routeOptions.url} is an open route: it has no actor`);
  return request.principal;
}

/** Whether who asks may also change things: for answers that say more to them. */
export function mayOperate(request: FastifyRequest): boolean {
  return actorOf(request).scopes.some((held) => HOLDS.operate.includes(held));
}
