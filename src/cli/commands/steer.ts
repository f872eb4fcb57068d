import { InvalidArgumentError } from "commander";
import type { Command as RolloutCommand } from "../../core/rollout.ts";
import type { Group, Run } from "../command.ts";
import { confirmed } from "../confirm.ts";
import { say } from "../context.ts";
import { EXIT } from "../exit.ts";
import { rateText } from "../format/units.ts";
import { newestEvent } from "../look.ts";
import { online, onlineOrNot } from "../open.ts";
import { waitForPause } from "../pause-wait.ts";
import { CLI_ACTOR, type Session } from "../session.ts";
import { conclude, type WaitOptions, waitOptions } from "../waiting.ts";

type MemberOptions = WaitOptions & { readonly reason?: string };
type Options = WaitOptions & {
  readonly reason?: string;
  readonly step?: number;
  readonly yes?: boolean;
  readonly fromStart?: boolean;
};

/** The verbs for a rollout that is under way. */
export const steerCommands: Group = (program, bind) => {
  const verb = (name: string, description: string, goal?: string) =>
    waitOptions(
      program.command(name).argument("<service>").description(description).option("--reason <text>", "why, for the journal"),
      false,
      goal,
    );
  verb("advance", "end the present dwell, or approve, and go to the next step")
    .option("--step <number>", "the step that you mean, as status numbers it, so that a second call never skips one", stepNumber)
    .action(bind(steer("advance")));
  verb("promote", "send 100% to the candidate now: skips the steps and dwells that are left, and evidence that is missing")
    .option("-y, --yes", "do not ask on a terminal")
    .action(bind(promote));
  verb(
    "pause",
    "stop the clock of the present step; a failing check still reverts",
    "nothing of it is under way any more",
  ).action(bind(steer("pause")));
  verb("resume", "go on after a pause").action(bind(steer("resume")));
  verb("abort", "send the traffic back to the stable pool now; also without a running controller").action(bind(abort));
  verb("retry", "go on with what failed: a rollout, or members of a rolling update; start a reverted rollout anew")
    .option("--from-start", "begin a failed rollout anew at its first step, not at the one that failed")
    .action(bind(steer("retry")));
  const aboutMember = (name: string, description: string) =>
    verb(name, description).argument("[member]", "host:port; may be left out where only one has failed");
  aboutMember("skip", "rolling: go on without updating a member, or with it as it is").action(bind(giveUp("skip")));
  aboutMember("exclude", "rolling: go on without a member, which stays out of nginx until it is put back by hand").action(
    bind(giveUp("exclude")),
  );
};

function steer(verb: "advance" | "pause" | "resume" | "retry"): Run<Options> {
  return (context, [service = ""], options) =>
    online(context, { service }, async (session) => {
      const { rollout, after } = await sent(session, service, commandOf(verb, options), options);
      if (verb === "pause" && options.wait === true) return waitForPause(context, session, rollout, options.timeout ?? null);
      return conclude(context, session, rollout, { ...options, after, goal: "promoted", waitsOnTerminal: false });
    });
}

function commandOf(verb: "advance" | "pause" | "resume" | "retry", { step, fromStart }: Options): RolloutCommand {
  if (verb === "advance") return { verb, step: step === undefined ? null : step - 1 };
  return verb === "retry" && fromStart === true ? { verb, from: "start" } : { verb };
}

function giveUp(verb: "skip" | "exclude"): Run<MemberOptions> {
  return (context, [service = "", member], options) =>
    online(context, { service }, async (session) => {
      const { rollout, after } = await sent(session, service, { verb, member: member ?? null }, options);
      return conclude(context, session, rollout, { ...options, after, goal: "promoted", waitsOnTerminal: false });
    });
}

const abort: Run<Options> = (context, [service = ""], options) =>
  onlineOrNot(context, { service }, async (session) => {
    const { rollout, after } = await sent(session, service, { verb: "abort" }, options);
    return conclude(context, session, rollout, { ...options, after, goal: "reverted", waitsOnTerminal: false });
  });

const promote: Run<Options> = (context, [service = ""], options) =>
  online(context, { service }, async (session) => {
    if (!(await confirmed(context, await effectOfPromote(session, service), options.yes === true))) {
      say(context, "nothing was changed");
      return EXIT.reached;
    }
    const { rollout, after } = await sent(session, service, { verb: "promote" }, options);
    return conclude(context, session, rollout, { ...options, after, goal: "promoted", waitsOnTerminal: false });
  });

async function effectOfPromote(session: Session, name: string): Promise<string> {
  const { rollout, observed } = await session.service(name);
  if (rollout === null || rollout.endedAt !== null) return `Promote ${name}?`;
  const left = rollout.steps.filter((step) => step.state === "next").length;
  const unproved = rollout.checks.filter((check) => check.is !== "pass").map((check) => check.name);
  const evidence = unproved.length === 0 ? "" : `, although these checks have not passed: ${unproved.join(", ")}`;
  if (rollout.rolling !== null) return `Update what is left of ${rollout.to} without its times${evidence}?`;
  const rate = observed === null ? "" : ` (${rateText(observed)} req/s)`;
  return `Send 100% of ${name}${rate} to ${rollout.to} now, skipping ${left === 1 ? "1 step" : `${left} steps`}${evidence}?`;
}

/** Sends it. `after` is the newest event from before, so that a wait shows what the verb brought about, and not what was before. */
async function sent(session: Session, service: string, command: RolloutCommand, options: Options) {
  const after = options.wait === true ? await newestEvent(session, service) : 0;
  const rollout = await session.command(service, command, CLI_ACTOR, { ifMatch: null, reason: options.reason ?? null });
  return { rollout, after };
}

function stepNumber(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("write the number of a step, 1 or more.");
  return Number(text);
}
