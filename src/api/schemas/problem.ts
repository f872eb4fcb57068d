import { z } from "zod";

/** RFC 9457: the body of every error, as `application/problem+json`. */
export const Problem = z
  .object({
    type: z.string().describe("`urn:sluice:problem:` and the code."),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe("What is wrong, and why."),
    code: z.string().describe("Stable; what programs decide by."),
    hint: z.string().nullable().describe("The next thing to try."),
    instance: z.string().describe("The id of the request: the answer's `X-Request-Id`, and in the log."),
    errors: z
      .array(
        z
          .object({
            in: z.enum(["body", "query", "path", "header", "configuration"]),
            pointer: z.string().describe("JSON pointer (RFC 6901) to what is wrong."),
            detail: z.string(),
          })
          .readonly(),
      )
      .readonly()
      .describe("What is wrong with the input, piece by piece; empty for other errors."),
  })
  .readonly()
  .meta({ id: "Problem" });

export type Problem = z.output<typeof Problem>;
export type InputError = Problem["errors"][number];
