import { ConfigError, formatProblem } from "../../src/config/errors.ts";
import { parseConfig } from "../../src/config/load.ts";

/** A configuration that is right, with `above` lines at the top and `within` lines in the service web, from line 7 on. */
export function withWeb(within: string, above = ""): string {
  return `${above}services:
  web:
    stable: blue
    pools:
      blue: { members: ["127.0.0.1:8001"] }
      green: { members: ["127.0.0.1:8002"] }
${within}`;
}

/** A stand-in for the grammar of selectors: an exclamation mark is wrong. */
export function selectorProblem(selector: string): string | null {
  return selector.includes("!") ? "a ! makes no sense" : null;
}

/** Every problem of a configuration, a line each, as `sluice check` prints them; empty where it is right. */
export function problemsOf(text: string): string[] {
  try {
    parseConfig(text, "sluice.yaml", {}, { selectorProblem });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}
