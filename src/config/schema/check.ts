import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseFraction } from "../percent.ts";
import { compareFields, compareRule } from "./compare.ts";
import { block, choice, duration, must, name, whole, wrong } from "./fields.ts";

const MOST_REQUESTS = 1_000_000_000;
const BOUND = "a percentage such as 2%, or a number in the metric's own unit such as 0.3";

/** A bound in the metric's unit: `2%` is 0.02. */
function bound(description: string) {
  return z
    .union([z.string(), z.number()], must(BOUND))
    .meta({ description, examples: ["2%", 0.3] })
    .transform((input, context): number => {
      const value = typeof input === "number" ? input : parseFraction(input);
      if (value !== undefined && Number.isFinite(value) && value >= 0) return value;
      context.addIssue({ code: "custom", message: wrong(input, BOUND), input });
      return z.NEVER;
    });
}

const common = {
  name: z.optional(name("How the check is called in `needs`, events and messages. The metric's name where left out.")),
  metric: z.string(must("the name of a metric under metrics:")).describe("A name under `metrics:` of this service."),
  above: z.optional(bound("The check passes while the metric is above this.")),
  below: z.optional(bound("The check passes while the metric is below this.")),
};

/** What a check with a fixed bound says, where that is not one rule; null where it is. */
function fault(above: number | undefined, below: number | undefined): string | null {
  if ((above === undefined) !== (below === undefined)) return null;
  const [says, and] = above === undefined ? ["says neither", "nor"] : ["says both", "and"];
  return `${says} above ${and} below; a check has exactly one of the two`;
}

const boundCheck = block("a check", "A metric with a rule: exactly one of `above` and `below`.", {
  ...common,
  minRequests: whole(
    "Fewer requests (or observations) than this in the window are no evidence; only for `scrape` and `nginx`, which count them.",
    1,
    MOST_REQUESTS,
  ).default(DEFAULTS.minRequests),
}).transform(({ name, metric, above, below, minRequests }, context) => {
  const message = fault(above, below);
  if (message === null) return { name: name ?? metric, metric, rule: boundRule(above, below), minRequests };
  context.addIssue({ code: "custom", message, input: { metric } });
  return z.NEVER;
});

function boundRule(above: number | undefined, below: number | undefined) {
  return above === undefined ? { kind: "below" as const, bound: below ?? Number.NaN } : { kind: "above" as const, bound: above };
}

/** The settings that only `compare: stable` has. */
const COMPARE_ONLY = ["margin", "alpha", "beta", "harmful", "level"] as const;

const canaryCheck = block("a check", "A metric with a rule: exactly one of `above`, `below` and `compare`.", {
  ...common,
  compare: z.optional(
    choice(
      "Compare with the pool that is stable (in `rolling`: with the members that are not in the batch), over the same time: how often requests fail, how long they take, how often something happens, or a gauge.",
      ["stable"],
    ),
  ),
  ...compareFields,
  minRequests: z.optional(
    whole(
      `Fewer requests (or observations) than this are no evidence; only for \`scrape\` and \`nginx\`, which count them. ${DEFAULTS.minRequests} where left out, ${DEFAULTS.compare.minRequests} with \`compare\`.`,
      1,
      MOST_REQUESTS,
    ),
  ),
}).transform((said, context) => {
  const { name, metric, above, below, compare, minRequests } = said;
  const base = { name: name ?? metric, metric };
  const message = canaryFault(said);
  if (message === null) {
    return compare === undefined
      ? { ...base, rule: boundRule(above, below), minRequests: minRequests ?? DEFAULTS.minRequests }
      : { ...base, rule: compareRule(said), minRequests: minRequests ?? DEFAULTS.compare.minRequests };
  }
  context.addIssue({ code: "custom", message, input: { metric } });
  return z.NEVER;
});

type Said = Partial<Record<"above" | "below" | "compare" | (typeof COMPARE_ONLY)[number], unknown>>;

/** What a canary's check says, where that is not one rule; null where it is. */
function canaryFault(said: Said): string | null {
  const rules = (["above", "below", "compare"] as const).filter((key) => said[key] !== undefined);
  if (rules.length !== 1) {
    const found = rules.length === 0 ? "says none of above, below and compare" : `says ${rules.join(" and ")}`;
    return `${found}; a check has exactly one of above, below and compare`;
  }
  const lost = said.compare === undefined ? COMPARE_ONLY.find((key) => said[key] !== undefined) : undefined;
  return lost === undefined ? null : `says ${lost}, which goes with compare: stable, not with ${rules[0]}`;
}

/** Checks with fixed bounds: of a switch, which leaves nothing to compare with. */
export const checks = z
  .array(boundCheck, must("a list of checks, such as [{ metric: errors, below: 2% }]"))
  .describe("The rules that the candidate must meet. A `fail` reverts; missing or broken evidence holds.")
  .default([]);

const LIST = "a list of checks, such as [{ metric: errors, below: 2% }, { metric: errors, compare: stable }]";

/** Checks that can also compare: with stable, or with the peers of a batch. */
export function comparableChecks(description: string) {
  return z.array(canaryCheck, must(LIST)).describe(description).default([]);
}

/** What happens where a step's time is over and the evidence is missing. */
export const hold = block("hold", "What happens where a step's time is over and the evidence is missing.", {
  atMost: duration("How long to wait for evidence.").prefault(DEFAULTS.hold.atMost),
  then: choice("After that: wait for a person, abort, or advance all the same (broken evidence never advances).", [
    "wait",
    "abort",
    "advance",
  ]).default(DEFAULTS.hold.then),
}).transform(({ atMost, then }) => ({ atMostMs: atMost, then }));
