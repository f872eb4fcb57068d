import { Refusal, type RefusalCode, StoreError, type StoreErrorCode } from "../core/errors.ts";
import type { InputError, Problem } from "./schemas/problem.ts";

// Not by `import`, which reads every export of the module, and so loads all of what `fetch` and WebSockets need: 30 ms of a start.
const { STATUS_CODES } = process.getBuiltinModule("node:http");

/** The codes that the API adds to those of `Refusal`. */
type ApiCode =
  | "bad-request"
  | "bad-header"
  | "unauthenticated"
  | "forbidden"
  | "foreign-origin"
  | "not-found"
  | "method-not-allowed"
  | "not-acceptable"
  | "request-timeout"
  | "idempotency-running"
  | "precondition-required"
  | "too-large"
  | "uri-too-long"
  | "unsupported-media-type"
  | "wrong-host"
  | "idempotency-reused"
  | "invalid-configuration"
  | "configuration-refused"
  | "too-many-requests"
  | "headers-too-large"
  | "internal"
  | "starting"
  | "overloaded"
  | "answer-timeout";

export type Code = RefusalCode | ApiCode | `store-${StoreErrorCode}`;

/** The status of every code: the one place where the two meet. */
const STATUSES: Readonly<Record<Code, number>> = {
  "bad-request": 400,
  "bad-header": 400,
  unauthenticated: 401,
  forbidden: 403,
  "foreign-origin": 403,
  "not-found": 404,
  "unknown-service": 404,
  "unknown-pool": 404,
  "unknown-rollout": 404,
  "method-not-allowed": 405,
  "not-acceptable": 406,
  "request-timeout": 408,
  "no-rollout": 409,
  "rollout-running": 409,
  "already-stable": 409,
  "not-configured": 409,
  "stale-step": 409,
  "wrong-phase": 409,
  "not-ready": 409,
  "failed-check": 409,
  paused: 409,
  "nothing-to-retry": 409,
  frozen: 409,
  "unknown-member": 404,
  "unknown-revision": 404,
  "nothing-to-undo": 409,
  "changed-since": 409,
  "token-exists": 409,
  "unknown-token": 404,
  "idempotency-running": 409,
  "configuration-refused": 409,
  stale: 412,
  "too-large": 413,
  "uri-too-long": 414,
  "unsupported-media-type": 415,
  "wrong-host": 421,
  invalid: 422,
  "idempotency-reused": 422,
  "invalid-configuration": 422,
  "precondition-required": 428,
  "too-many-requests": 429,
  "headers-too-large": 431,
  internal: 500,
  starting: 503,
  overloaded: 503,
  "answer-timeout": 503,
  "store-locked": 503,
  "store-foreign": 503,
  "store-unavailable": 503,
  "store-full": 507,
};

/** An error of the API itself, thrown by hooks and handlers, answered by the one error handler. */
export class ApiError extends Error {
  readonly code: Code;
  readonly hint: string | null;
  readonly errors: readonly InputError[];
  constructor(code: Code, message: string, hint: string | null = null, errors: readonly InputError[] = []) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.hint = hint;
    this.errors = errors;
  }
}

/** What goes wrong inside fastify before a handler runs, by its codes. Their texts may hold input, so they are not passed on. */
const FRAMEWORK: Readonly<Record<string, () => ApiError>> = {
  FST_ERR_BAD_URL: () => new ApiError("bad-request", "The path of the request is not valid percent-encoding."),
  FST_ERR_MAX_PARAM_LENGTH: () => new ApiError("uri-too-long", "A part of the path is longer than any name can be."),
  FST_ERR_CTP_BODY_TOO_LARGE: () => new ApiError("too-large", "The body is larger than 1 MB."),
  FST_ERR_CTP_INVALID_JSON_BODY: () => new ApiError("bad-request", "The body is not valid JSON."),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new ApiError("bad-request", "The body is not as long as Content-Length says."),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new ApiError("unsupported-media-type", "The body must be application/json."),
};

/** Every error becomes an `ApiError` here; what is not known becomes `internal`, which tells nothing of itself. */
export function apiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Refusal) return new ApiError(error.code, error.message, error.hint);
  if (error instanceof StoreError) {
    return new ApiError(`store-${error.code}`, error.message, "Traffic stays where it is. An abort works without the store.");
  }
  return (
    FRAMEWORK[frameworkCode(error)]?.() ??
    new ApiError("internal", "Sluice failed to do this.", "The log has the reason, by the id in `instance`.")
  );
}

function frameworkCode(error: unknown): string {
  if (error instanceof SyntaxError && "statusCode" in error && error.statusCode === 400) return "FST_ERR_CTP_INVALID_JSON_BODY";
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The document that a client gets; `instance` is the id of the request. */
export function problem(error: ApiError, instance: string): Problem {
  const status = STATUSES[error.code];
  return {
    type: `urn:sluice:problem:${error.code}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: error.message,
    code: error.code,
    hint: error.hint,
    instance,
    errors: error.errors,
  };
}

export const PROBLEM_TYPE = "application/problem+json";
