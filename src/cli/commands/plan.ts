import { Option } from "commander";
import type { PlanView } from "../../core/planned.ts";
import type { Group, Run } from "../command.ts";
import { tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { plannedLines } from "../format/planned.ts";
import { onlineOrNot } from "../open.ts";
import type { PlanRequest } from "../session.ts";
import { parseErrors, parseRate } from "../traffic.ts";
import { type MoveOptions, moveOptions, moveRequest, versionOptions } from "./start.ts";

type Options = MoveOptions & { readonly rate?: number; readonly errors?: number; readonly detailedExitcode?: boolean };

/** `plan`: what a start would do, before anything moves. */
export const planCommands: Group = (program, bind) => {
  const plan = program
    .command("plan")
    .argument("<service>")
    .description("show what a start would do now: steps, nginx's files, and what each step can find; changes nothing");
  versionOptions(moveOptions(plan))
    .addOption(
      new Option("--rate <rate>", 'requests of the service to plan for, such as "50/s", instead of those measured').argParser(
        parseRate,
      ),
    )
    .addOption(
      new Option("--errors <part>", 'the part of them that fail on the stable pool, such as "0.1%"').argParser(parseErrors),
    )
    .option(
      "--detailed-exitcode",
      "exit 0 where there is nothing to do, 10 where a start would change something, 5 where it would be refused",
    )
    .action(bind(planRollout));
};

const planRollout: Run<Options> = (context, [service = ""], options) => {
  const { rate, errors } = options;
  const assume = {
    ...(rate === undefined ? {} : { requestsPerS: rate }),
    ...(errors === undefined ? {} : { errorRatio: errors }),
  };
  const request: PlanRequest = { ...moveRequest(options), assume };
  return onlineOrNot(context, { service, pool: options.to }, async (session) => {
    const plan = await session.plan(service, request);
    const lines = () => plannedLines(plan, context.out);
    await tell(context, { json: plan, names: plan.steps.map(({ label }) => label), lines });
    return options.detailedExitcode === true ? detailed(plan) : EXIT.reached;
  });
};

function detailed({ steps, refused }: PlanView): ExitCode {
  if (steps.length === 0) return EXIT.reached;
  return refused === null ? EXIT.changes : EXIT.conflict;
}
