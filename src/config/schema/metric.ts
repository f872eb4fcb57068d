import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseDuration } from "../duration.ts";
import { block, choice, must, orNull, period, port, requestPath, share } from "./fields.ts";
import { commandFields, httpFields, prometheusFields } from "./number-metric.ts";

const selector = (description: string) =>
  z
    .string(must("a series selector, such as 'http_requests_total{code=~\"5..\"}'"))
    .min(1, must("a series selector"))
    .describe(description);

const quantileAllowed = must("a number above 0 and below 1, such as 0.95");
const quantile = (description: string) =>
  z.number(quantileAllowed).gt(0, quantileAllowed).lt(1, quantileAllowed).describe(description);

/** Each block says its own source; what a value that is none of them gets is said by the union. */
const source = <const S extends string>(name: S) => z.literal(name).describe("Where the numbers come from.");

const timing = {
  window: period("The time that a value is computed over.").prefault(DEFAULTS.metric.window),
  interval: z.optional(
    period("Time between two reads. A sixth of the window where left out, from 250ms to 5s (to 1s for `nginx`)."),
  ),
  timeout: z.optional(
    period(
      `A read that takes longer has failed. ${DEFAULTS.metric.timeout} where left out, or the interval where that is shorter.`,
    ),
  ),
};

type Timing = { window: number; interval?: number | undefined; timeout?: number | undefined };

/** Reads often enough for the window, not oftener than a page wants to be read. */
function times<T extends Timing>({ window, interval, timeout, ...rest }: T, atMostMs: number = DEFAULTS.metric.intervalAtMostMs) {
  const { readsPerWindow, intervalAtLeastMs } = DEFAULTS.metric;
  const intervalMs = interval ?? Math.min(Math.max(Math.round(window / readsPerWindow), intervalAtLeastMs), atMostMs);
  const timeoutMs = timeout ?? Math.min(intervalMs, parseDuration(DEFAULTS.metric.timeout) ?? intervalMs);
  return { ...rest, windowMs: window, intervalMs, timeoutMs };
}

const scrape = block(
  "a metric",
  "A number from each member's own metrics page: exactly one of `ratio`, `quantile` with `of`, `rate` and `gauge`.",
  {
    source: source("scrape"),
    path: requestPath("The metrics page of a member, in the Prometheus text format.").prefault(DEFAULTS.metric.path),
    port: orNull(port("The port of the metrics page instead of the member's own.")),
    ...timing,
    ratio: z.optional(
      block("ratio", "The increase of `of` over the increase of `to`.", {
        of: selector("What is counted: the errors, say."),
        to: selector("What it is counted against: all requests, say."),
      }),
    ),
    quantile: z.optional(quantile("Which quantile is taken: 0.95 for p95.")),
    of: z.optional(selector("The histogram whose quantile is taken, in its own unit.")),
    rate: z.optional(selector("A counter: how often it rises, per second and member.")),
    gauge: z.optional(selector("A number that goes up and down: its mean over the window and the members.")),
  },
).transform((raw, context) => {
  const { ratio, quantile, of, rate, gauge, ...rest } = raw;
  const measure = measureOf({ ratio, quantile, of, rate, gauge });
  if (typeof measure === "string") {
    context.addIssue({ code: "custom", message: measure, input: {} });
    return z.NEVER;
  }
  return { ...times(rest), measure };
});

const nginx = block("a metric of nginx", "What nginx's own log says of every attempt to reach a member.", {
  source: source("nginx"),
  measure: choice("`errors`: the part of the attempts that failed. `latency`: a quantile of their times, in seconds.", [
    "errors",
    "latency",
  ]),
  quantile: z.optional(quantile("Which quantile is taken: 0.95 for p95.")),
  sample: share("The part of the requests that nginx writes down, for very busy services.").prefault(DEFAULTS.metric.sample),
  ...timing,
}).transform((raw, context) => {
  const { measure, quantile, ...rest } = raw;
  const timed = times(rest, DEFAULTS.metric.nginxIntervalAtMostMs);
  if (measure === "latency") return { ...timed, measure, quantile: quantile ?? DEFAULTS.metric.quantile };
  if (quantile === undefined) return { ...timed, measure };
  context.addIssue({ code: "custom", message: "has no effect with measure: errors; remove it", input: {}, path: ["quantile"] });
  return z.NEVER;
});

const prometheus = block("a metric of Prometheus", "The one value of a PromQL query.", {
  source: source("prometheus"),
  ...prometheusFields,
  ...timing,
}).transform((raw) => times(raw));

const http = block("a metric over HTTP", "A number in a JSON answer.", {
  source: source("http"),
  ...httpFields,
  ...timing,
}).transform((raw) => times(raw));

const command = block("a metric of a command", "The number that a program says in its last line.", {
  source: source("command"),
  ...commandFields,
  ...timing,
}).transform((raw) => times(raw));

export const metric = z
  .discriminatedUnion("source", [scrape, nginx, prometheus, http, command], {
    error: (issue) => unknownSource(issue.input),
  })
  .describe("A number to judge by.");

const SOURCES = "one of scrape, nginx, prometheus, http, command";

function unknownSource(input: unknown): string {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return `${input === undefined ? "is missing" : "is not a metric"}; it must be a block such as { source: scrape, … }`;
  }
  const { source: written } = input as { source?: unknown };
  return written === undefined
    ? `is missing; it must be ${SOURCES}`
    : `${JSON.stringify(written)} is not allowed; it must be ${SOURCES}`;
}

type Said = {
  readonly ratio: { of: string; to: string } | undefined;
  readonly quantile: number | undefined;
  readonly of: string | undefined;
  readonly rate: string | undefined;
  readonly gauge: string | undefined;
};
type Measure =
  | { kind: "ratio"; of: string; to: string }
  | { kind: "quantile"; q: number; of: string }
  | { kind: "rate" | "gauge"; of: string };

const MEASURES = "a metric is exactly one of ratio: { of, to }, quantile with of, rate, and gauge";

/** What is measured; or why that is not one thing, in words. */
function measureOf(said: Said): Measure | string {
  const { ratio, quantile, of, rate, gauge } = said;
  const kinds = (["ratio", "quantile", "rate", "gauge"] as const).filter((key) => said[key] !== undefined);
  if (kinds.length > 1) return `says ${kinds.slice(0, -1).join(", ")} and also ${kinds.at(-1)}; ${MEASURES}`;
  if (of !== undefined && quantile === undefined)
    return kinds.length === 0 ? `says of without quantile; ${MEASURES}` : `says ${kinds[0]} and also of; ${MEASURES}`;
  if (ratio !== undefined) return { kind: "ratio", ...ratio };
  if (quantile !== undefined)
    return of === undefined ? `says quantile without of; ${MEASURES}` : { kind: "quantile", q: quantile, of };
  if (rate !== undefined) return { kind: "rate", of: rate };
  if (gauge !== undefined) return { kind: "gauge", of: gauge };
  return `says neither ratio, quantile, rate nor gauge; ${MEASURES}`;
}
