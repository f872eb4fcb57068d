import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../core/ports.ts";
import type { Scope } from "../core/token.ts";
import { addressKey } from "./address-key.ts";
import type { Auth } from "./options.ts";
import { HOLDS, outOfReach, type Principal, type Verified } from "./principal.ts";
import { ApiError } from "./problem.ts";
import { pathOf } from "./request-id.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null only on open routes. */
    principal: Principal | null;
    /** Whether the token still opens what it opened when the request came: for answers that go on for hours. */
    stillMay: () => boolean;
  }
  interface FastifyContextConfig {
    /** What a token needs for the route; `open` needs none. */
    scope?: Scope | "open";
    /**
     * True where the route itself leaves out what a token for some services may not see. A route that has neither this nor a
     * service in its path is closed to such tokens.
     */
    filters?: boolean;
  }
}

/** RFC 6750: `Bearer` in any case, one space, a token of these characters. */
const BEARER = /^bearer (?<token>[A-Za-z0-9._~+/-]{1,512}=*)$/i;
/** Who a request comes from where nobody has to say so. */
const ANYBODY: Principal = { name: "local", scopes: ["admin"], services: null };

/**
 * Finds out who asks, and whether they may. Counts wrong tokens by address and answers 429 above the limit; a right token is
 * always let in, so that a broken script cannot lock out the person who has to abort.
 */
export function authenticate(
  app: FastifyInstance,
  auth: Auth,
  { wrongTokens, log }: { readonly wrongTokens: number; readonly log: Log },
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const countWrong = app.createRateLimit({
    max: wrongTokens,
    timeWindow: 60_000,
    keyGenerator: (request) => addressKey(request.ip),
  });
  const refuse = async (request: FastifyRequest, reply: FastifyReply, verified: Verified) => {
    const sent = request.headers.authorization !== undefined;
    if (sent) await refuseGuessing(countWrong(request), { request, reply, log, verified });
    reply.header("www-authenticate", 'Bearer realm="sluice"');
    throw unauthenticated(sent, verified);
  };
  return async (request, reply) => {
    const scope = request.is404 ? "open" : (request.routeOptions.config.scope ?? "admin");
    const header = request.headers.authorization;
    const verify = () => (auth.kind === "none" ? ANYBODY : auth.verify(BEARER.exec(header ?? "")?.groups?.token ?? ""));
    const verified = verify();
    const principal = known(verified);
    request.principal = principal;
    request.stillMay = () => known(verify()) !== null;
    if (scope === "open") return;
    if (principal === null) return refuse(request, reply, verified);
    try {
      mayDo(request, reply, principal, scope);
    } catch (error) {
      log.warn("a token was used for what it may not do", { ...told(request), actor: principal.name });
      throw error;
    }
  };
}

function known(verified: Verified): Principal | null {
  return verified !== null && "scopes" in verified ? verified : null;
}

function mayDo(request: FastifyRequest, reply: FastifyReply, principal: Principal, scope: Scope): void {
  if (!principal.scopes.some((held) => HOLDS[scope].includes(held))) {
    reply.header("www-authenticate", `Bearer error="insufficient_scope", scope="${scope}"`);
    throw new ApiError("forbidden", `The token ${principal.name} may not do this: it needs the scope ${scope}.`);
  }
  if (principal.services === null || request.routeOptions.config.filters === true) return;
  const { service } = request.params as { readonly service?: string };
  if (service === undefined || !principal.services.includes(service)) throw outOfReach(principal);
}

function unauthenticated(sent: boolean, verified: Verified): ApiError {
  if (verified !== null && "expired" in verified) {
    const text = `The time of the token ${verified.expired} was over at ${verified.at}.`;
    return new ApiError("unauthenticated", text, "Ask an admin for another one: sluice token create.");
  }
  return new ApiError(
    "unauthenticated",
    sent ? "The token is not one of this controller." : "The request has no token.",
    "Send `Authorization: Bearer` and the token from the file `token` in the state folder.",
  );
}

type Count = Awaited<ReturnType<ReturnType<FastifyInstance["createRateLimit"]>>>;
type Try = { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly log: Log; readonly verified: Verified };

/** Logs the try, and answers 429 above the limit: from there on without a line each, or whoever guesses would fill the disk. */
async function refuseGuessing(counting: Promise<Count>, { request, reply, log, verified }: Try): Promise<void> {
  const count = await counting;
  if (count.isAllowed || !count.isExceeded) {
    const whose = verified !== null && "expired" in verified ? { expired: verified.expired } : {};
    log.warn("a wrong token was refused", { ...told(request), ...whose });
    if (!count.isAllowed && count.remaining === 0)
      log.warn("too many wrong tokens: more from there are answered 429, without a line each", {
        address: request.ip ?? "unix",
        forMs: count.ttl,
      });
    return;
  }
  reply.header("retry-after", count.ttlInSeconds);
  throw new ApiError(
    "too-many-requests",
    "Too many wrong tokens came from this address.",
    `Try again in ${count.ttlInSeconds} s.`,
  );
}

function told(request: FastifyRequest): Record<string, unknown> {
  return { request: request.id, address: request.ip ?? "unix", method: request.method, path: pathOf(request) };
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
