import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Scope } from "../core/token.ts";
import { PROBLEM_TYPE } from "./problem.ts";
import { Problem } from "./schemas/problem.ts";

/** The server as the route files see it: input and answers typed by the zod schemas. */
export type Routes = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  ZodTypeProvider
>;

const BEARER = [{ bearer: [] }];
const PROBLEM = { description: "A problem document (RFC 9457).", content: { [PROBLEM_TYPE]: { schema: Problem } } };

/**
 * What every documented operation has: its id, its words, its scope, and that every error is a problem document. `filters` is for
 * routes without a service in their path that leave out what a token for some services may not see.
 */
export function operation<const T extends string>(
  operationId: T,
  tag: string,
  summary: string,
  scope: Scope | "open",
  filters = false,
) {
  return {
    config: { scope, filters },
    words: { operationId, tags: [tag], summary, security: scope === "open" ? [] : BEARER },
    problem: { default: PROBLEM },
  };
}
