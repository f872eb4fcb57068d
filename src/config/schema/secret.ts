import * as z from "zod";
import { block, must, path, SECRET } from "./fields.ts";

/** A text whose variables are filled in only when it is sent, so that what they hold is never stored or shown. */
export type Secret = { from: "text"; text: string } | { from: "file"; path: string };

const allowed = `a variable of the environment such as "\${NAME}", or { file: PATH }`;

const file = block("a secret", "A secret in a file.", {
  file: path("The file whose first line is the secret."),
}).transform(({ file }): Secret => ({ from: "file", path: file }));

/** The message never repeats what was written. */
const error = () => `is not a secret as Sluice takes it; it must be ${allowed}`;

/** What must not stand in the configuration itself. */
export function secret(description: string) {
  const text = z.string({ error }).transform((written, context): Secret => {
    if (SECRET.test(written)) return { from: "text", text: written };
    context.addIssue({ code: "custom", message: error(), input: "" });
    return z.NEVER;
  });
  return z.union([text, file], { error }).describe(description);
}

/** Text that may be secret or not: a header, say. */
export function perhapsSecret(description: string) {
  const wanted = must("a text, or { file: PATH }");
  const text = z.string(wanted).transform((written): Secret => ({ from: "text", text: written }));
  return z.union([text, file], wanted).describe(description);
}
