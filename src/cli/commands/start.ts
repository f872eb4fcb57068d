import { type Command, Option } from "commander";
import type { Started } from "../../core/control.ts";
import type { Strategy } from "../../core/rollout.ts";
import type { Group, Run } from "../command.ts";
import { type Context, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { Failure } from "../failure.ts";
import { shares } from "../format/units.ts";
import { online, onlineOrNot } from "../open.ts";
import type { Session, StartRequest, SwitchRequest } from "../session.ts";
import { parseSteps } from "../steps.ts";
import { conclude, type WaitOptions, waitOptions } from "../waiting.ts";

type Common = WaitOptions & { readonly version?: string; readonly replace?: boolean; readonly reason?: string };
type StartOptions = Common & MoveOptions;

/** What a start moves where. */
export type MoveOptions = {
  readonly strategy: Strategy;
  readonly to?: string;
  readonly version?: string;
  readonly steps?: string;
  readonly replace?: boolean;
};

/** `start` and `switch`: begin to move traffic to another pool. */
export const startCommands: Group = (program, bind) => {
  const start = program
    .command("start")
    .argument("<service>")
    .description("start a rollout: along canary steps, blue-green, or rolling, member by member");
  waitOptions(common(moveOptions(start)), true).action(bind(startRollout));
  const change = program
    .command("switch")
    .argument("<service>")
    .argument("[pool]", "the pool to switch to; may be left out where there is only one other")
    .description("blue-green in one command, with its checks; also without a running controller");
  waitOptions(common(change), true).action(bind(switchPool));
};

/** The options of `MoveOptions`, but for those that `switch` has too; `plan` takes the same. */
export function moveOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--strategy <strategy>", "how to release").choices(["canary", "blue-green", "rolling"]).default("canary"),
    )
    .option("--to <pool>", "the pool to move to, or to update in place; may be left out where there is only one choice")
    .option("--steps <steps>", 'canary steps instead of the configured ones: "5%:5m,50%:approved,ramp:100%:10m"');
}

/** The version, and whether a rollout that is under way goes back first. */
export function versionOptions(command: Command): Command {
  return command
    .option("--version <version>", "the version that the pool runs; for rolling, what the deploy hook brings")
    .option("--replace", "send a rollout that is under way back first, then start");
}

const WITHOUT_STEPS = {
  "blue-green": "blue-green moves all traffic at once",
  rolling: "rolling goes member by member, as its settings say",
} as const;

/** What the options ask for, as the API takes it. */
export function moveRequest(options: MoveOptions): StartRequest {
  const { strategy, to, steps } = options;
  if (strategy !== "canary" && steps !== undefined)
    throw new Failure(EXIT.usage, `--steps is for a canary: ${WITHOUT_STEPS[strategy]}`, {
      hint: "leave --steps out, or use --strategy canary",
    });
  return {
    ...requestOf(options),
    strategy,
    ...(to === undefined ? {} : { to }),
    ...(steps === undefined ? {} : { steps: parseSteps(steps) }),
  };
}

function common(command: Command): Command {
  return versionOptions(command).option("--reason <text>", "why, for the journal");
}

const startRollout: Run<StartOptions> = (context, [service = ""], options) => {
  const request = { ...moveRequest(options), ...requestOf(options) };
  return online(context, { service, pool: options.to }, async (session) =>
    finish(context, session, await session.start(service, request), options),
  );
};

const switchPool: Run<Common> = (context, [service = "", pool], options) =>
  onlineOrNot(context, { service, pool }, async (session) => {
    const request: SwitchRequest = { ...requestOf(options), ...(pool === undefined ? {} : { to: pool }) };
    return finish(context, session, await session.switchTo(service, request), options);
  });

function requestOf({ version, replace, reason }: Pick<Common, "version" | "replace" | "reason">): SwitchRequest {
  return {
    ...(version === undefined ? {} : { version }),
    ...(replace === undefined ? {} : { replace }),
    ...(reason === undefined ? {} : { reason }),
  };
}

async function finish(context: Context, session: Session, started: Started, options: Common): Promise<ExitCode> {
  if (started.is === "started") {
    return conclude(context, session, started.rollout, { ...options, goal: "promoted", waitsOnTerminal: true });
  }
  const { service } = started;
  const text = `nothing to do: ${service.stable} is the stable pool of ${service.name} already (in nginx: ${shares(service.applied.shares)})`;
  await tell(context, { json: { code: "already-stable", text, service }, names: [], lines: () => [text] });
  return EXIT.reached;
}
