import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseDuration } from "../duration.ts";
import { headers, program, variables } from "./call.ts";
import { block, choice, line, must, orNull, path, period } from "./fields.ts";
import { hostName, programName } from "./hook.ts";
import { perhapsSecret, type Secret, secret } from "./secret.ts";

const OCCASIONS = ["started", "step", "held", "reverted", "promoted", "failed"] as const;
const WAYS = ["webhook", "slack", "command"] as const;
const ONE_OF = "a notifier is exactly one of { webhook: URL }, { slack: URL } and { command: [...] }";
const NAMES = "{event}, {text}, {rollout}, {service}, {pool}, {version} and {step} are filled in";

const TRY_MS = parseDuration(DEFAULTS.notify.timeout) ?? Number.NaN;

/** Which settings go with which way. */
const GOES_WITH = {
  headers: ["webhook"],
  secret: ["webhook"],
  ca: ["webhook", "slack"],
  timeout: ["webhook", "slack"],
  env: ["command"],
} as const;

const notifier = block("a notifier", "Somebody who is told of rollouts: exactly one of `webhook`, `slack` and `command`.", {
  webhook: z.optional(perhapsSecret("The address that gets a JSON body.")),
  slack: z.optional(
    perhapsSecret(
      'The address that gets a JSON body such as `{ "text": … }`: Slack\'s incoming webhook, or what takes the same.',
    ),
  ),
  command: z.optional(
    program(
      `A program and its arguments, run without a shell; ${NAMES}.`,
      'a list of a program and its arguments, such as [./tell.sh, "{text}"]',
    ),
  ),
  headers: z.optional(headers("With `webhook`: headers to send with it.")),
  secret: z.optional(secret("With `webhook`: the key of the HMAC-SHA256 that signs the body.")),
  ca: z.optional(path("With `webhook` and `slack`: a file of certificates (PEM) to trust instead of the usual ones.")),
  env: z.optional(variables(`With \`command\`: variables that the program gets besides PATH, HOME, LANG and TZ; ${NAMES}.`)),
  on: z
    .array(choice("An event.", OCCASIONS), must(`a list of ${OCCASIONS.join(", ")}`))
    .min(1, must(`a list of at least one of ${OCCASIONS.join(", ")}`))
    .describe(`What is told: ${OCCASIONS.join(", ")}. All of it where left out.`)
    .default([...OCCASIONS]),
  services: orNull(
    z
      .array(z.string(must("the name of a service")), must("a list of names under services:"))
      .min(1, must("a list of at least one name under services:"))
      .describe("The services that it is told of; all where left out."),
  ),
  timeout: z.optional(
    period(`With \`webhook\` and \`slack\`: how long one try may take; ${DEFAULTS.notify.timeout} where left out.`),
  ),
  deadline: period("How long a message may take in all; after that it is given up, and logged.").prefault(
    DEFAULTS.notify.deadline,
  ),
  name: z.optional(
    line("How it is called in messages; the host, `slack` or the program where left out.", "a text on one line", 100),
  ),
}).transform((said, context) => {
  const way = WAYS.filter((one) => said[one] !== undefined);
  const [only] = way;
  if (only === undefined || way.length > 1) {
    const found = only === undefined ? "says none of webhook, slack and command" : `says ${way.join(" and ")}`;
    context.addIssue({ code: "custom", message: `${found}; ${ONE_OF}`, input: {} });
    return z.NEVER;
  }
  const lost = (Object.keys(GOES_WITH) as (keyof typeof GOES_WITH)[]).filter(
    (key) => said[key] !== undefined && !GOES_WITH[key].some((one) => one === only),
  );
  for (const key of lost)
    context.addIssue({ code: "custom", message: `has no effect with ${only}; remove it`, input: {}, path: [key] });
  return lost.length === 0 ? (wayOf(said) ?? z.NEVER) : z.NEVER;
});

type Said = {
  readonly [K in "webhook" | "slack" | "secret"]?: Secret | undefined;
} & {
  readonly command?: string[] | undefined;
  readonly headers?: Record<string, Secret> | undefined;
  readonly env?: Record<string, Secret> | undefined;
  readonly ca?: string | undefined;
  readonly timeout?: number | undefined;
  readonly deadline: number;
  readonly name?: string | undefined;
  readonly on: (typeof OCCASIONS)[number][];
  readonly services: string[] | null;
};

/** What a block that says exactly one way stands for. */
function wayOf({ webhook, slack, command, on, services, deadline, ...said }: Said) {
  const { headers = {}, env = {}, secret = null, ca = null } = said;
  const common = { on, services, deadlineMs: deadline };
  const timeoutMs = said.timeout ?? Math.min(TRY_MS, deadline);
  if (webhook !== undefined)
    return {
      name: said.name ?? addressName(webhook),
      ...common,
      to: "webhook" as const,
      url: webhook,
      headers,
      secret,
      ca,
      timeoutMs,
    };
  if (slack !== undefined) return { name: said.name ?? "slack", ...common, to: "slack" as const, url: slack, ca, timeoutMs };
  return command === undefined
    ? null
    : { name: said.name ?? programName(command), ...common, to: "command" as const, command, env };
}

function addressName(url: Secret): string {
  return url.from === "text" ? hostName(url.text, "webhook") : "webhook";
}

const LIST = "a list of notifiers, such as [{ webhook: https://ops.example/sluice, on: [held, reverted, failed] }]";

/** Who is told of rollouts. */
export const notify = z.array(notifier, must(LIST)).describe("Who is told of rollouts, of what, and over which way.").default([]);
