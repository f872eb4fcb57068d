import fastifyHelmet from "@fastify/helmet";
import fastifyRateLimit from "@fastify/rate-limit";
import { fastifySSE } from "@fastify/sse";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler } from "fastify-type-provider-zod";
import { authenticate } from "./auth.ts";
import { commandRoutes } from "./commands.ts";
import { serveDashboard } from "./dashboard.ts";
import { endLateAnswers } from "./deadline.ts";
import { eventRoutes } from "./events.ts";
import { answerBrokenRequest, answerFailure, answerNotFound } from "./failure.ts";
import { healthRoutes } from "./health.ts";
import { checkHost } from "./host.ts";
import { Idempotency } from "./idempotency.ts";
import { latestRoutes } from "./latest.ts";
import { assertGuarded, ownHosts, startListening } from "./listen.ts";
import { memberRoutes } from "./members.ts";
import { methodsByPath } from "./methods.ts";
import { checkMutation } from "./mutation.ts";
import { openApiDocument, registerReference } from "./openapi.ts";
import { type ApiOptions, type Certificate, LIMITS, type Limits } from "./options.ts";
import { planRoutes } from "./plan.ts";
import { reloadRoutes } from "./reload.ts";
import { pathOf, requestId } from "./request-id.ts";
import { revisionRoutes } from "./revisions.ts";
import { rolloutRoutes } from "./rollouts.ts";
import type { Routes } from "./route.ts";
import { LONGEST_NAME } from "./schemas/names.ts";
import { serviceRoutes } from "./services.ts";
import { stop } from "./stop.ts";
import { renew, secured } from "./tls.ts";
import { tokenRoutes } from "./token-routes.ts";
import { trafficRoutes } from "./traffic.ts";
import { validatorCompiler } from "./validation.ts";
import { whoamiRoutes } from "./whoami.ts";

/** The HTTP API of a controller. Disposing it ends streams and connections. */
export interface Api extends AsyncDisposable {
  /** Resolves with where it listens: `http://host:port`, or `unix:path`. Rejects with what keeps it from listening. */
  listen(): Promise<string>;
  /** The OpenAPI document. */
  document(): Readonly<Record<string, unknown>>;
  /** Speaks TLS with another certificate from the next connection on. */
  renew(certificate: Certificate): void;
}

/** Nothing of an answer is for a page to show, frame or load. */
const API_POLICY = { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] };

/** Builds the API; it serves once `listen` is called. Throws where it would be open to everybody. */
export async function createServer(options: ApiOptions): Promise<Api> {
  assertGuarded(options.listen, options.auth);
  const limits = { ...LIMITS, ...options.limits };
  const app = build(options, limits);
  await protect(app, options, limits);
  await app.register(fastifySSE, { heartbeatInterval: limits.heartbeatMs });
  keepAnswers(app, options);
  await registerReference(app);
  const stopping = new AbortController();
  routes(app as unknown as Routes, options, { limits, stopping: stopping.signal });
  const { dashboard } = options;
  if (dashboard !== undefined) await app.register((scope) => serveDashboard(scope, dashboard, options.auth.kind));
  await app.ready();
  return {
    listen: () => startListening(app, options.listen, options.certificate !== null),
    document: () => openApiDocument(app),
    renew: (certificate) => renew(app, certificate),
    [Symbol.asyncDispose]: () => stop(app, stopping, limits.stopMs),
  };
}

function build(options: ApiOptions, limits: Limits): FastifyInstance {
  const app = Fastify({
    logger: false,
    genReqId: requestId,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    // What is under way may end; `stop` says for how long.
    forceCloseConnections: "idle",
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator: noOther, buildSerializer: noOther } },
    ...secured(options.certificate),
    routerOptions: { maxParamLength: LONGEST_NAME },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => answerFailure(error, request, reply, options.log),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerFailure(error, request, reply, options.log));
  app.setNotFoundHandler(answerNotFound(methodsByPath(app)));
  readBodies(app);
  writeLines(app, options);
  endLateAnswers(app, limits.answerMs);
  return app;
}

/** Stands for fastify's own compilers of schemas, a hundred modules that would be loaded to compile nothing. */
function noOther(): never {
  throw new Error("a schema of a route is neither checked nor written by zod");
}

/** JSON is the only type of body; none at all is read as an empty object where a route takes one. */
function readBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else parse(request, String(body), done);
  });
  app.addHook("preValidation", async (request) => {
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined) request.body = {};
  });
}

/** One line per request: changes are told, the rest is there to debug. */
function writeLines(app: FastifyInstance, { log }: ApiOptions): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ "x-request-id": request.id, "cache-control": "no-store" });
  });
  app.addHook("onResponse", async (request, reply) => {
    const { id, method, principal } = request;
    const ms = Math.round(reply.elapsedTime);
    const fields = { request: id, method, path: pathOf(request), status: reply.statusCode, ms, actor: principal?.name ?? null };
    if (method === "GET" || method === "HEAD") log.debug("Answered", fields);
    else log.info("Answered", fields);
  });
}

/** From the outside in: headers of every answer, the right host, who asks, and whether a page of another origin made them ask. */
async function protect(app: FastifyInstance, options: ApiOptions, limits: Limits): Promise<void> {
  // Without TLS, `upgrade-insecure-requests` and HSTS would make browsers ask a port that does not speak it.
  const contentSecurityPolicy = { useDefaults: false, directives: API_POLICY };
  await app.register(fastifyHelmet, { contentSecurityPolicy, strictTransportSecurity: false, xFrameOptions: { action: "deny" } });
  await app.register(fastifyRateLimit, { global: false });
  const rightHost = checkHost([...options.hosts, ...ownHosts(options.listen)]);
  requireScopes(app);
  app.decorateRequest("principal", null);
  app.decorateRequest("stillMay", () => false);
  app.addHook("onRequest", async (request) => rightHost(request));
  app.addHook("onRequest", authenticate(app, options.auth, { wrongTokens: limits.wrongTokens, log: options.log }));
  app.addHook("onRequest", async (request) => checkMutation(request));
}

/** A route that says nothing of its scope is a mistake, not an open door; and one that nobody documented is found by no test of all. The pages of the reference hold nothing secret. */
function requireScopes(app: FastifyInstance): void {
  app.addHook("onRoute", (route) => {
    const scope = route.config?.scope ?? (route.url.startsWith("/docs") ? "open" : undefined);
    if (scope === undefined) throw new Error(`${String(route.method)} ${route.url} does not say which scope it needs`);
    const { operationId, hide } = route.schema ?? {};
    if (operationId === undefined && hide !== true && !route.url.startsWith("/docs"))
      throw new Error(`${String(route.method)} ${route.url} is neither documented nor hidden`);
    route.config = { ...route.config, scope };
  });
}

function keepAnswers(app: FastifyInstance, { answers, now, log }: ApiOptions): void {
  const idempotency = new Idempotency(answers, now, log);
  app.decorateRequest("claim", null);
  app.addHook("preHandler", (request, reply) => idempotency.before(request, reply));
  app.addHook("onSend", async (request, reply, payload) => {
    await idempotency.after(request, reply, payload);
    return payload;
  });
}

type Bounds = { readonly limits: Limits; readonly stopping: AbortSignal };

function routes(
  app: Routes,
  { control, parseSteps, version, log, reload, tokens, metrics }: ApiOptions,
  { limits, stopping }: Bounds,
): void {
  healthRoutes(app, control, { version, metrics });
  whoamiRoutes(app);
  serviceRoutes(app, control);
  rolloutRoutes(app, control, parseSteps);
  revisionRoutes(app, control);
  planRoutes(app, control, parseSteps);
  commandRoutes(app, control);
  memberRoutes(app, control);
  reloadRoutes(app, reload);
  tokenRoutes(app, tokens);
  eventRoutes(app, control, limits, { stallMs: limits.stallMs, stopping, log });
  latestRoutes(app, control);
  trafficRoutes(app, control);
}
