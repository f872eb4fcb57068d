import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseFraction } from "../percent.ts";
import { block, choice, duration, must, name, whole, wrong } from "./fields.ts";

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

const check = block("a check", "A metric with a rule: exactly one of `above` and `below`.", {
  name: z.optional(name("How the check is called in `needs`, events and messages. The metric's name where left out.")),
  metric: z.string(must("the name of a metric under metrics:")).describe("A name under `metrics:` of this service."),
  above: z.optional(bound("The check passes while the metric is above this.")),
  below: z.optional(bound("The check passes while the metric is below this.")),
  minRequests: whole(
    "Fewer requests (or observations) than this in the window are no evidence; only for `scrape` and `nginx`, which count them.",
    1,
    1_000_000_000,
  ).default(DEFAULTS.minRequests),
}).transform(({ name, metric, above, below, minRequests }, context) => {
  const value = above ?? below;
  if (value === undefined || (above !== undefined && below !== undefined)) {
    const message = `${value === undefined ? "says neither" : "says both"} above ${value === undefined ? "nor" : "and"} below; a check has exactly one of the two`;
    context.addIssue({ code: "custom", message, input: { metric } });
    return z.NEVER;
  }
  const kind = above === undefined ? ("below" as const) : ("above" as const);
  return { name: name ?? metric, metric, rule: { kind, bound: value }, minRequests };
});

export const checks = z
  .array(check, must("a list of checks, such as [{ metric: errors, below: 2% }]"))
  .describe("The rules that the candidate must meet. A `fail` reverts; missing or broken evidence holds.")
  .default([]);

/** What happens where a step's time is over and the evidence is missing. */
export const hold = block("hold", "What happens where a step's time is over and the evidence is missing.", {
  atMost: duration("How long to wait for evidence.").prefault(DEFAULTS.hold.atMost),
  then: choice("After that: wait for a person, abort, or advance all the same (broken evidence never advances).", [
    "wait",
    "abort",
    "advance",
  ]).default(DEFAULTS.hold.then),
}).transform(({ atMost, then }) => ({ atMostMs: atMost, then }));
