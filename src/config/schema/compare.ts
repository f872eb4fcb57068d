import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseFraction } from "../percent.ts";
import { block, choice, must, wrong } from "./fields.ts";

const { compare } = DEFAULTS;

/** A part of a whole, as a percentage or a number: `1%` is 0.01. */
function part(description: string, allowed: string, fits: (value: number) => boolean) {
  const said = `${allowed}, as a percentage such as 1%, or a number such as 0.01`;
  return z
    .union([z.string(), z.number()], must(said))
    .meta({ description })
    .transform((input, context): number => {
      const value = typeof input === "number" ? input : parseFraction(input);
      if (value !== undefined && Number.isFinite(value) && fits(value)) return value;
      context.addIssue({ code: "custom", message: wrong(input, said), input });
      return z.NEVER;
    });
}

/** How often something may go wrong. */
export const chance = (description: string) => part(description, "above 0 and at most 50%", (value) => value > 0 && value <= 0.5);

const RATIO = must("a number from 1 to 1000, such as 2");

const harmful = block(
  "harmful",
  "What must be ruled out before a pass: failing `ratio` times as often as stable, and `delta` on top.",
  {
    ratio: z
      .number(RATIO)
      .min(1, RATIO)
      .max(1_000, RATIO)
      .default(compare.harmfulRho)
      .describe("How many times the failures of stable."),
    delta: z.optional(
      part(
        `How many failures on top, as a part of the requests. ${percent(compare.harmfulDelta)} where left out.`,
        "from 0 to 50%",
        (value) => value >= 0 && value <= 0.5,
      ),
    ),
  },
);

/** The settings of a check that has `compare: stable`. */
export const compareFields = {
  margin: z.optional(
    part(
      `\`compare\`: how much more often than stable the candidate may fail, or how much slower it may be. ${percent(compare.margin)} where left out.`,
      "from 0 to 1000%",
      (value) => value >= 0 && value <= 10,
    ),
  ),
  alpha: z.optional(
    chance(
      `\`compare\`: how often, at most, a release that does no more than that is reverted. ${percent(compare.alpha)} where left out.`,
    ),
  ),
  beta: z.optional(
    chance(`\`compare\`: how often, at most, a harmful release passes a step. ${percent(compare.beta)} where left out.`),
  ),
  harmful: z.optional(harmful),
  level: z.optional(
    choice(
      "`compare`: a fail of a `critical` check reverts, that of a `hold` check keeps the step from ending, and `advisory` is only shown. `critical` where left out, `hold` of a gauge.",
      ["critical", "hold", "advisory"],
    ),
  ),
};

type Level = "critical" | "hold" | "advisory";

type Said = {
  readonly margin?: number | undefined;
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
  readonly harmful?: { readonly ratio: number; readonly delta?: number | undefined } | undefined;
  readonly level?: Level | undefined;
};

/** The rule of a comparison. Its level is null where it is left out: what it is then depends on the metric. */
export function compareRule({ margin, alpha, beta, harmful, level }: Said) {
  return {
    kind: "compare" as const,
    margin: margin ?? compare.margin,
    alpha: alpha ?? compare.alpha,
    beta: beta ?? compare.beta,
    harmful: { ratio: harmful?.ratio ?? compare.harmfulRho, delta: harmful?.delta ?? compare.harmfulDelta },
    level: level ?? null,
  };
}

function percent(value: number): string {
  return `${Number((100 * value).toPrecision(6))}%`;
}
