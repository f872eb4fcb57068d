import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseDuration } from "../duration.ts";
import { block, line, must, orNull, period, port, requestPath, whole, wrong } from "./fields.ts";

const STATUS = "a status code or a range of them, such as 200 or 200-399";

const status = z
  .union([z.number(), z.string()], must(STATUS))
  .meta({ description: "Status codes that count as healthy, both ends included.", examples: [200, "200-399"] })
  .transform((input, context) => {
    const [, first, last] = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(String(input)) ?? [];
    const range = { from: Number(first), to: Number(last ?? first) };
    if (range.from <= range.to) return range;
    context.addIssue({ code: "custom", message: wrong(input, STATUS), input });
    return z.NEVER;
  });

/** How the members of a service are asked whether they are healthy. */
export const health = block(
  "health",
  "How every member is asked whether it is healthy: a TCP connect, or a GET where there is a path.",
  {
    path: orNull(requestPath("What to GET. Without it, a connection that is accepted is healthy.")),
    port: orNull(port("The port to ask instead of the member's own.")),
    interval: period("Time between two checks of a member.").prefault(DEFAULTS.health.interval),
    timeout: z.optional(
      period(
        `A check that takes longer has failed. ${DEFAULTS.health.timeout} where left out, or the interval where that is shorter.`,
      ),
    ),
    passes: whole("Results in a row that turn a member ready.", 1, 1_000).default(DEFAULTS.health.passes),
    fails: whole("Results in a row that turn a member down.", 1, 1_000).default(DEFAULTS.health.fails),
    status: status.prefault(DEFAULTS.health.status),
    body: orNull(
      z
        .string(must("a text"))
        .min(1, must("a text that is not empty"))
        .describe("Text that the body must contain, in its first 64 kB."),
    ),
    host: orNull(
      line("The Host header to send; the member's address where left out.", "a host, as it stands in a Host header", 255),
    ),
    deadline: period("How long a rollout waits for the candidate to become healthy before it goes back.").prefault(
      DEFAULTS.health.deadline,
    ),
  },
).transform(({ interval, timeout, deadline, ...rest }) => ({
  ...rest,
  intervalMs: interval,
  timeoutMs: timeout ?? Math.min(interval, parseDuration(DEFAULTS.health.timeout) ?? interval),
  deadlineMs: deadline,
}));
