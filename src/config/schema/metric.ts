import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseDuration } from "../duration.ts";
import { block, choice, must, orNull, period, port, requestPath } from "./fields.ts";

const selector = (description: string) =>
  z
    .string(must("a series selector, such as 'http_requests_total{code=~\"5..\"}'"))
    .min(1, must("a series selector"))
    .describe(description);

const quantileAllowed = must("a number above 0 and below 1, such as 0.95");

const fields = {
  source: choice("Where the numbers come from: each member's own metrics page.", ["scrape"]),
  path: requestPath("The metrics page of a member, in the Prometheus text format.").prefault(DEFAULTS.metric.path),
  port: orNull(port("The port of the metrics page instead of the member's own.")),
  window: period("The time that a value is computed over.").prefault(DEFAULTS.metric.window),
  interval: z.optional(period("Time between two reads. A sixth of the window where left out, from 250ms to 5s.")),
  timeout: z.optional(
    period(
      `A read that takes longer has failed. ${DEFAULTS.metric.timeout} where left out, or the interval where that is shorter.`,
    ),
  ),
  ratio: z.optional(
    block("ratio", "The increase of `of` over the increase of `to`.", {
      of: selector("What is counted: the errors, say."),
      to: selector("What it is counted against: all requests, say."),
    }),
  ),
  quantile: z.optional(
    z
      .number(quantileAllowed)
      .gt(0, quantileAllowed)
      .lt(1, quantileAllowed)
      .describe("Which quantile of the histogram `of`: 0.95 for p95."),
  ),
  of: z.optional(selector("The histogram whose quantile is taken, in its own unit.")),
};

/** Reads often enough for the window, not oftener than a page wants to be read. */
function usualInterval(windowMs: number): number {
  const { readsPerWindow, intervalAtLeastMs, intervalAtMostMs } = DEFAULTS.metric;
  return Math.min(Math.max(Math.round(windowMs / readsPerWindow), intervalAtLeastMs), intervalAtMostMs);
}

export const metric = block(
  "a metric",
  "A number to judge by: exactly one of `ratio`, or `quantile` with `of`.",
  fields,
).transform((raw, context) => {
  const { ratio, quantile, of, window, interval, timeout, ...rest } = raw;
  const measure = measureOf(ratio, quantile, of);
  if (typeof measure === "string") {
    context.addIssue({ code: "custom", message: measure, input: {} });
    return z.NEVER;
  }
  const intervalMs = interval ?? usualInterval(window);
  const timeoutMs = timeout ?? Math.min(intervalMs, parseDuration(DEFAULTS.metric.timeout) ?? intervalMs);
  return { ...rest, windowMs: window, intervalMs, timeoutMs, measure };
});

type Ratio = { of: string; to: string };
type Measure = ({ kind: "ratio" } & Ratio) | { kind: "quantile"; q: number; of: string };

function measureOf(ratio: Ratio | undefined, quantile: number | undefined, of: string | undefined): Measure | string {
  const allowed = "a metric is exactly one of ratio: { of, to }, or quantile with of";
  if (ratio !== undefined)
    return quantile === undefined && of === undefined
      ? { kind: "ratio", ...ratio }
      : `says ratio and also ${quantile === undefined ? "of" : "quantile"}; ${allowed}`;
  if (quantile !== undefined)
    return of === undefined ? `says quantile without of; ${allowed}` : { kind: "quantile", q: quantile, of };
  return `says neither ratio nor quantile; ${allowed}`;
}
