import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseDuration } from "../duration.ts";
import { comparableChecks, hold } from "./check.ts";
import { chance } from "./compare.ts";
import { block, choice, duration, must, orNull, period, share } from "./fields.ts";

const ACTIONS = "{ share, for }, { share, until: evidence }, { share, until: approved } or { ramp, over }";

const EVIDENCE_FOR_MS = parseDuration(DEFAULTS.canary.evidenceFor) ?? Number.NaN;

const fields = {
  share: z.optional(share("The candidate's part of the traffic in this step.")),
  for: z.optional(
    period(
      `How long the step is served at least; not shorter than the window of a check that it needs. With \`until: evidence\` of any length, and ${DEFAULTS.canary.evidenceFor} where left out.`,
    ),
  ),
  until: z.optional(
    choice(
      "`evidence`: end as soon as the checks that it needs have passed. `approved`: wait for a person to say `sluice advance`.",
      ["evidence", "approved"],
    ),
  ),
  within: z.optional(period("With `until: approved`: how long a person may take; for ever where left out.")),
  then: z.optional(
    choice(`With \`within\`: what happens after that; \`${DEFAULTS.canary.then}\` where left out.`, ["abort", "wait", "advance"]),
  ),
  ramp: z.optional(share("The part of the traffic that is reached at the end of this step, little by little.")),
  over: z.optional(period("How long the ramp takes.")),
  needs: orNull(
    z
      .array(z.string(must("the name of a check")), must("a list of names of checks; [] for none"))
      .describe("The checks that must pass before the next step; all where left out, `[]` for none."),
  ),
  hold: orNull(hold),
};

/** What a step says, where that is not one action; null where it is. */
function fault(step: Partial<Record<"share" | "for" | "until" | "ramp" | "over", unknown>>): string | null {
  const has = (["share", "for", "until", "ramp", "over"] as const).filter((key) => step[key] !== undefined);
  const said = has.join(" + ");
  if (["share + for", "share + until", "ramp + over"].includes(said)) return null;
  if (said === "share + for + until" && step.until === "evidence") return null;
  const found = has.length === 0 ? "has no action" : `has ${said}, which is not one action`;
  return `${found}; a step is exactly one of ${ACTIONS}`;
}

type Approval = {
  until?: "evidence" | "approved" | undefined;
  within?: number | undefined;
  then?: "abort" | "wait" | "advance" | undefined;
};

/** What a step says of a person's time, where that belongs to nothing; null where it does. */
function approvalFault({ until, within, then }: Approval): { key: "within" | "then"; message: string } | null {
  if (within !== undefined && until !== "approved")
    return { key: "within", message: "goes with until: approved, for how long a person may take; remove it" };
  if (then !== undefined && within === undefined)
    return { key: "then", message: "goes with within, for what happens after that; give it, or remove this" };
  return null;
}

const step = block("a canary step", `One action: ${ACTIONS}.`, fields).transform((line, context) => {
  const { share, until, ramp, over, needs, hold } = line;
  const message = fault(line);
  const lost = approvalFault(line);
  if (lost !== null) context.addIssue({ code: "custom", message: lost.message, input: {}, path: [lost.key] });
  if (message !== null) context.addIssue({ code: "custom", message, input: {} });
  else if (lost !== null) return z.NEVER;
  else if (share !== undefined && until === "evidence")
    return { kind: "evidence" as const, share, forMs: line.for ?? EVIDENCE_FOR_MS, needs, hold };
  else if (share !== undefined && line.for !== undefined) return { kind: "share" as const, share, forMs: line.for, needs, hold };
  else if (share !== undefined && until !== undefined)
    return { kind: "approval" as const, share, needs, hold, within: withinOf(line) };
  else if (ramp !== undefined && over !== undefined) return { kind: "ramp" as const, to: ramp, overMs: over, needs, hold };
  return z.NEVER;
});

function withinOf({ within, then }: Approval): { ms: number; then: "abort" | "wait" | "advance" } | null {
  return within === undefined ? null : { ms: within, then: then ?? DEFAULTS.canary.then };
}

/** The lines of `canary.steps`, and of the `steps` that a start can bring. */
export const steps = z
  .array(step, must(`a list of steps, each ${ACTIONS}`))
  .min(1, must(`a list of at least one step, each ${ACTIONS}`))
  .describe(
    "The candidate's shares, rising from line to line. Where the last is below 100%, the rollout then goes on to 100% by itself.",
  );

export const canary = block("canary", "How a canary rollout moves the traffic, step by step.", {
  steps,
  checks: comparableChecks("The rules that the candidate must meet. A `fail` reverts; missing or broken evidence holds."),
  alpha: orNull(
    chance(
      "How often, at most, a release that does no more than is allowed is reverted by all comparisons together. They share it evenly, and what they find against the candidate is added up; without it each has its own.",
    ),
  ),
  hold: hold.prefault({}),
  bake: duration(
    "How long the candidate keeps all the traffic, reversible at once, before it becomes nginx's rendered default.",
  ).prefault(DEFAULTS.canary.bake),
}).transform(({ bake, ...rest }) => ({ ...rest, bakeMs: bake }));
