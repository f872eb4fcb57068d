import { Option } from "commander";
import type { PlanView } from "../../core/planned.ts";
import type { Group, Run } from "../command.ts";
import { type Context, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { plannedLines } from "../format/planned.ts";
import { onlineOrElse } from "../open.ts";
import type { PlanRequest, StartRequest } from "../session.ts";
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

const planRollout: Run<Options> = async (context, [service = ""], options) => {
  const request = moveRequest(options);
  const named = { service, pool: options.to };
  const plan = await onlineOrElse(
    context,
    named,
    (session) => session.plan(service, { ...request, assume: assumeOf(options) }),
    (config) => planWithout(context, config, service, request, options),
  );
  const lines = () => plannedLines(plan, context.out);
  await tell(context, { json: plan, names: plan.steps.map(({ label }) => label), lines });
  return options.detailedExitcode === true ? detailed(plan) : EXIT.reached;
};

function assumeOf({ rate, errors }: Options): NonNullable<PlanRequest["assume"]> {
  return { ...(rate === undefined ? {} : { requestsPerS: rate }), ...(errors === undefined ? {} : { errorRatio: errors }) };
}

/** Without a controller nothing is driven for it: a plan changes nothing. */
async function planWithout(
  context: Context,
  config: string,
  service: string,
  request: StartRequest,
  options: Options,
): Promise<PlanView> {
  const { planConfig } = await import("../../app.ts");
  const { strategy, to = null, version = null, replace = false, reason = null, steps = null } = request;
  const input = { strategy, to, version, replace, reason, steps };
  const assumed = { requestsPerS: options.rate ?? null, errorRatio: options.errors ?? null };
  return planConfig({ config, env: context.io.env, service, input, assumed });
}

function detailed({ steps, refused }: PlanView): ExitCode {
  if (steps.length === 0) return EXIT.reached;
  return refused === null ? EXIT.changes : EXIT.conflict;
}
