import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { parseDuration } from "../duration.ts";
import { headers, longText, program, variables } from "./call.ts";
import { block, line, must, path, period } from "./fields.ts";
import { secret } from "./secret.ts";

const NAMES = "{rollout}, {service}, {pool}, {member}, {version} and {step} are filled in";
const ARGV = 'a list of a program and its arguments, such as [./deploy.sh, "{member}"]';
export const HOOK = `${ARGV}, { command: [...] } or { post: URL }`;

const DEADLINE_MS = parseDuration(DEFAULTS.hook.deadline) ?? Number.NaN;
const TRY_MS = parseDuration(DEFAULTS.hook.timeout) ?? Number.NaN;

const COMMAND_ONLY = ["env"] as const;
const POST_ONLY = ["headers", "secret", "ca", "deadline"] as const;

const list = z
  .array(longText("A program, or one argument for it.", "a text"), must(HOOK))
  .min(1, must(HOOK))
  .describe(`The program, then its arguments, run without a shell; ${NAMES}.`)
  .transform((command) => ({ name: programName(command), deadlineMs: DEADLINE_MS, do: "command" as const, command, env: {} }));

const one = block("a hook", "Exactly one of `command` and `post`.", {
  command: z.optional(program(`The program, then its arguments, run without a shell; ${NAMES}. Success is exit code 0.`, ARGV)),
  env: z.optional(variables(`Variables that the program gets besides PATH, HOME, LANG, TZ and what the rollout is; ${NAMES}.`)),
  post: z.optional(
    line(
      `The address that gets a JSON body with what the rollout is; 2xx is yes. ${NAMES}.`,
      "an http:// or https:// address",
      4_096,
    ),
  ),
  headers: z.optional(headers("Headers to send with it.")),
  secret: z.optional(secret("The key of the HMAC-SHA256 that signs the body.")),
  ca: z.optional(path("A file of certificates (PEM) to trust instead of the usual ones.")),
  timeout: z.optional(
    period(
      `With \`command\`: how long it may run; ${DEFAULTS.hook.deadline} where left out. With \`post\`: how long one try may take; ${DEFAULTS.hook.timeout} where left out.`,
    ),
  ),
  deadline: z.optional(
    period(`With \`post\`: how long all tries may take, with the pauses between them; ${DEFAULTS.hook.deadline} where left out.`),
  ),
  name: z.optional(
    line("How it is called in events and messages; the program or the host where left out.", "a text on one line", 100),
  ),
}).transform((said, context) => {
  const { command, post, env, timeout, deadline, name } = said;
  if ((command === undefined) === (post === undefined)) {
    const found = command === undefined ? "says neither command nor post" : "says both command and post";
    context.addIssue({ code: "custom", message: `${found}; a hook is exactly one of the two`, input: {} });
    return z.NEVER;
  }
  const [kind, others] = command === undefined ? (["post", COMMAND_ONLY] as const) : (["command", POST_ONLY] as const);
  const lost = others.filter((key) => said[key] !== undefined);
  for (const key of lost)
    context.addIssue({ code: "custom", message: `has no effect with ${kind}; remove it`, input: {}, path: [key] });
  if (lost.length > 0) return z.NEVER;
  if (command !== undefined)
    return {
      name: name ?? programName(command),
      deadlineMs: timeout ?? DEADLINE_MS,
      do: "command" as const,
      command,
      env: env ?? {},
    };
  return {
    name: name ?? hostName(post ?? "", "post"),
    deadlineMs: deadline ?? Math.max(DEADLINE_MS, timeout ?? 0),
    do: "post" as const,
    url: post ?? "",
    headers: said.headers ?? {},
    secret: said.secret ?? null,
    ca: said.ca ?? null,
    timeoutMs: timeout ?? Math.min(TRY_MS, deadline ?? TRY_MS),
  };
});

/** The last part of a program's path; a variable could hold anything, and is not shown. */
export function programName([program = ""]: readonly string[]): string {
  const last = program.split("/").at(-1) ?? "";
  return last === "" || last.includes("${") ? "command" : last;
}

/** The host of an address, or `other` where that is left to a variable. */
export function hostName(url: string, other: string): string {
  const host = /^https?:\/\/([A-Za-z0-9.:[\]-]+)(?:[/?#]|$)/.exec(url)?.[1];
  return host ?? other;
}

/** One hook, in any of its forms. */
export const hook = z.union([list, one], must(HOOK)).meta({ id: "hook", description: `A program or an HTTP call: ${HOOK}.` });

const point = (description: string) =>
  z
    .union(
      [hook.transform((one) => [one]), z.array(hook).min(1, must(`${HOOK}, or a list of those`))],
      must(`${HOOK}, or a list of those`),
    )
    .describe(description)
    .default([]);

/** The hooks of a service, one or a list of them at each point. */
export const hooks = block(
  "hooks",
  "What is called on the way of every rollout: a hook, or a list of them, run one after the other.",
  {
    beforeStart: point("Before the first step. Where it fails, nothing is moved."),
    beforeStep: point("Before each step (in `rolling`: each batch). Where it fails, the rollout goes back."),
    afterStep: point("After each step (in `rolling`: each batch). Where it fails, the rollout goes back."),
    beforePromote: point(
      "Before the candidate gets all of the traffic (in `rolling`: after the last batch). Where it fails, the rollout goes back.",
    ),
    afterPromote: point("Once the rollout is done. Where it fails, that is told."),
    afterRevert: point("Once the rollout is back. Where it fails, that is told."),
    onFailed: point("Where a rollout cannot go back by itself and ends in `failed`."),
  },
);
