import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { headers, longText, program, variables } from "./call.ts";
import { block, choice, line, orNull, path } from "./fields.ts";
import { secret } from "./secret.ts";

const NAMES = "{{pool}}, {{service}}, {{version}} and {{window}} are filled in";
const URL_MEANS = `Who is asked: for \`prometheus\` the address before \`/api/v1/query\`, for \`http\` that of a JSON answer, in which ${NAMES}.`;

const unit = choice("What the number is: `ratio` for a part of a whole (0.02 is 2 %), `number` for one in a unit of its own.", [
  "ratio",
  "number",
]).default(DEFAULTS.metric.unit);

const ONE_OF = "{ bearer: … } or { basic: { user: …, password: … } }";

const auth = block("auth", `How Sluice says who it is: ${ONE_OF}.`, {
  bearer: z.optional(secret("The token of `Authorization: Bearer`.")),
  basic: z.optional(
    block("basic", "User and password.", {
      user: line("The user.", "a text on one line"),
      password: secret("The password."),
    }),
  ),
}).transform(({ bearer, basic }, context) => {
  if (bearer !== undefined && basic === undefined) return { by: "bearer" as const, token: bearer };
  if (basic !== undefined && bearer === undefined) return { by: "basic" as const, ...basic };
  const message = `says ${bearer === undefined ? "neither bearer nor" : "both bearer and"} basic; it must be ${ONE_OF}`;
  context.addIssue({ code: "custom", message, input: {} });
  return z.NEVER;
});

const fetched = {
  url: line(URL_MEANS, "an address that starts with http:// or https://", 4_096),
  auth: orNull(auth),
  headers: headers("Headers to send with it, such as { X-Scope-OrgID: team }.").default({}),
  ca: orNull(path("A file of certificates (PEM) to trust instead of the usual ones.")),
};

export const prometheusFields = {
  ...fetched,
  query: longText(`A PromQL query with exactly one value; ${NAMES}.`, "a PromQL query"),
  method: choice("How it is asked; POST takes longer queries.", ["GET", "POST"]).default(DEFAULTS.metric.method),
  unit,
};

export const httpFields = {
  ...fetched,
  pick: longText("Where in the answer the number is, such as `data.errors[0].rate`.", "a path such as data.errors[0].rate"),
  unit,
};

const ARGV = 'a list of a program and its arguments, such as [./error-rate.sh, "{{pool}}"]';

export const commandFields = {
  command: program(`The program whose last line is the number, run without a shell; ${NAMES}.`, ARGV),
  env: variables(`Variables that the program gets besides PATH, HOME, LANG and TZ; ${NAMES}.`).default({}),
  unit,
};
