import * as z from "zod";
import { must } from "./fields.ts";
import { perhapsSecret } from "./secret.ts";

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** A text that may have several lines. */
export const longText = (description: string, what: string) =>
  z.string(must(what)).min(1, must(what)).max(100_000, must(what)).describe(description);

/** Headers that go with a call, by name. */
export function headers(description: string) {
  return z
    .record(
      z.string().regex(HEADER, must("the name of a header")),
      perhapsSecret("The value of a header."),
      must("a block of headers"),
    )
    .describe(description);
}

/** Variables that a program gets, by name. */
export function variables(description: string) {
  return z
    .record(
      z.string().regex(VARIABLE, must("the name of a variable: letters, digits and _")),
      perhapsSecret("What a variable holds."),
      must("a block of variables"),
    )
    .describe(description);
}

/** A program, then its arguments; `allowed` is what a message says of it. */
export function program(description: string, allowed: string) {
  return z
    .array(longText("A program, or one argument for it.", "a text"), must(allowed))
    .min(1, must(allowed))
    .describe(description);
}
