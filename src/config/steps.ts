import type * as z from "zod";
import { findingsOf } from "./issues.ts";
import { steps } from "./schema/canary.ts";
import { risingRules } from "./semantics/strategy.ts";
import { formatPath } from "./source.ts";

/** Canary steps, or everything that is wrong with them; `path` is such as `steps[0].for`. */
export type ParsedSteps =
  | { readonly is: "steps"; readonly steps: z.output<typeof steps> }
  | { readonly is: "wrong"; readonly problems: readonly { readonly path: string; readonly message: string }[] };

/** Reads canary steps as a start brings them: the same grammar as `canary.steps`, with durations and shares as texts. */
export function parseSteps(input: unknown): ParsedSteps {
  const parsed = steps.safeParse(input);
  const findings = parsed.success ? [...risingRules(parsed.data, ["steps"])] : findingsOf(parsed.error.issues, ["steps"]);
  if (parsed.success && findings.length === 0) return { is: "steps", steps: parsed.data };
  return { is: "wrong", problems: findings.map(({ path, message }) => ({ path: formatPath(path), message })) };
}
