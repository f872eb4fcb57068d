import fastifySwagger from "@fastify/swagger";
import fastifySwaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { describeOperations } from "./described.ts";

/** Scripts and styles of the reference page come from this server; it needs images as data and style attributes, and nothing else. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const DESCRIPTION = `Sluice moves traffic between the pools of a service behind nginx, and judges the new version by itself.

Every error is a problem document (RFC 9457) with a stable \`code\` and a \`hint\`. \`GET /v1/services/{service}\` has an ETag; with
\`If-Match\`, a change is refused with 412 where the rollout has moved on since. \`Idempotency-Key\` on POST makes a repetition safe for a
day. Lists are pages: \`next\` is the \`cursor\` of the page after. Changes need \`Content-Type: application/json\`, also with an empty body.`;

const TAGS = [
  { name: "services", description: "What is wanted, applied and observed" },
  { name: "rollouts", description: "Start one, look at them" },
  { name: "commands", description: "Verbs for the rollout of a service" },
  { name: "members", description: "Members of pools" },
  { name: "events", description: "The journal" },
  { name: "configuration", description: "sluice.yaml" },
  { name: "tokens", description: "Who may do what" },
  { name: "health", description: "For supervisors and Prometheus" },
];

type JsonObject = { [key: string]: unknown };

/** zod marks what is readonly in TypeScript; in an answer that says nothing. */
const zodToJsonConfig = {
  target: "draft-2020-12" as const,
  override: ({ jsonSchema }: { jsonSchema: JsonObject }) => {
    delete jsonSchema.readOnly;
  },
};

/** Registers the document and its page; before the routes, which it collects. */
export async function registerReference(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Sluice",
        version: "1",
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      tags: TAGS,
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig }),
  });
  await app.register(fastifySwaggerUi, {
    routePrefix: "/docs",
    staticCSP: DOCS_POLICY,
    theme: { title: "Sluice API" },
    // The default asks a server of others whether the document is valid.
    uiConfig: { validatorUrl: null },
    transformSpecification: () => openApiDocument(app),
  });
  app.get("/openapi.json", { config: { scope: "open" }, schema: { hide: true } }, (_request, reply) =>
    reply.type("application/json").send(JSON.stringify(openApiDocument(app))),
  );
}

/** The document of the whole API; the server must be ready. */
export function openApiDocument(app: FastifyInstance): JsonObject {
  const document = app.swagger() as unknown as { components: { schemas: JsonObject } } & JsonObject;
  const described = describeOperations(document);
  return { ...described, components: { ...document.components, schemas: used(described) } };
}

/** Every registered schema exists as input and as answer; only those that something refers to are worth reading. */
function used(document: { components: { schemas: JsonObject } } & JsonObject): JsonObject {
  const { schemas } = document.components;
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    for (const [, name = ""] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (names.has(name)) continue;
      names.add(name);
      visit(schemas[name] ?? null);
    }
  };
  visit(document.paths);
  return Object.fromEntries([...names].sort().map((name) => [name, schemas[name]]));
}
