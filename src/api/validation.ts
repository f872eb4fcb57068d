import type { FastifySchemaCompiler } from "fastify";
import type { ZodType, z } from "zod";
import { ApiError } from "./problem.ts";
import type { InputError } from "./schemas/problem.ts";

const PLACES: Readonly<Record<string, InputError["in"]>> = {
  body: "body",
  querystring: "query",
  params: "path",
  headers: "header",
};

/** Parses input by its zod schema; what does not fit becomes one 422 that names every piece by JSON pointer. */
export const validatorCompiler: FastifySchemaCompiler<ZodType> = ({ schema, httpPart }) => {
  const place = PLACES[httpPart ?? ""] ?? "body";
  return (data: unknown) => {
    const result = schema.safeParse(data);
    return result.success ? { value: result.data } : { error: invalid(place, result.error.issues) };
  };
};

function invalid(place: InputError["in"], issues: readonly z.core.$ZodIssue[]): ApiError {
  const errors = issues.flatMap((issue) =>
    paths(issue).map((path) => ({ in: place, pointer: pointer(path), detail: issue.message })),
  );
  return invalidInput(errors);
}

/** An unknown key is reported at the key, not at the object that holds it. */
function paths(issue: z.core.$ZodIssue): readonly (readonly PropertyKey[])[] {
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

/** A JSON pointer (RFC 6901): empty for the whole document. */
export function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

export function invalidInput(errors: readonly InputError[]): ApiError {
  const first = errors[0];
  const where = first === undefined ? "" : `: ${first.in}${first.pointer}: ${first.detail}`;
  return new ApiError("invalid", `The request is not valid${where}.`, "`errors` lists every piece that is wrong.", errors);
}
