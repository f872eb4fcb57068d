import * as z from "zod";
import { parseShare } from "../percent.ts";
import { must, wrong } from "./fields.ts";

/** A number of members, or a part of them in basis points. */
type Amount = { count: number } | { bp: number };

const MOST_MEMBERS = 10_000;

/** A number of members from `least` on, or a percentage of them; 0% is allowed where 0 is. */
export function amount(description: string, least: 0 | 1) {
  const allowed = `a number of members from ${least}, or a percentage of them such as 25%`;
  return z
    .union([z.number(), z.string()], must(allowed))
    .meta({ description, examples: [1, "25%"] })
    .transform((input, context): Amount => {
      const bp = typeof input === "string" ? parseShare(input) : undefined;
      if (bp !== undefined && (bp > 0 || least === 0)) return { bp };
      if (typeof input === "number" && Number.isInteger(input) && input >= least && input <= MOST_MEMBERS)
        return { count: input };
      context.addIssue({ code: "custom", message: wrong(input, allowed), input });
      return z.NEVER;
    });
}
