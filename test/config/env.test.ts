// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { describe, expect, test } from "vitest";
import { fill } from "../../src/config/env.ts";

const env = { HOST: "10.0.0.1", EMPTY: "", SNEAKY: "${HOST}" };

describe("variables in a scalar", () => {
  test.each([
    ["${HOST}:80", "10.0.0.1:80"],
    ["${EMPTY}", ""],
    ["${EMPTY:-x}", "x"],
    ["${GONE:-x:-y}", "x:-y"],
    ["${GONE:-}", ""],
    ["${HOST:-x}", "10.0.0.1"],
    ["${HOST:?why}", "10.0.0.1"],
    ["a${HOST}b${HOST}c", "a10.0.0.1b10.0.0.1c"],
    ["$HOST", "$HOST"],
    ["$${HOST}", "${HOST}"],
    ["${SNEAKY}", "${HOST}"],
    ['code=~"5..$"', 'code=~"5..$"'],
  ])("%s becomes %s", (text, filled) => expect(fill(text, env)).toEqual({ is: "filled", text: filled }));

  test.each([
    ["${GONE}", "the environment variable GONE is not set; set it, or give a default: ${GONE:-default}"],
    ["${GONE:?ask the platform team}", "the environment variable GONE is not set: ask the platform team"],
    ["${EMPTY:?}", "the environment variable EMPTY is not set: it is required"],
    ["${HOST", "a ${ has no }; write $${ for a literal ${"],
    ["${}", "${} is not a variable; it must be ${NAME}, ${NAME:-default} or ${NAME:?message} (write $${ for a literal ${)"],
    ["${A-b}", "${A-b} is not a variable; it must be ${NAME}, ${NAME:-default} or ${NAME:?message} (write $${ for a literal ${)"],
  ])("%s is refused", (text, message) => expect(fill(text, env)).toEqual({ is: "wrong", message }));
});
