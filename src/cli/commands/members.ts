import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULTS } from "../../config/defaults.ts";
import { parseDuration } from "../../config/duration.ts";
import { suggest } from "../../config/nearest.ts";
import type { Ms } from "../../core/units.ts";
import type { ServiceView } from "../../core/view.ts";
import { durationOption, type Group, type Run } from "../command.ts";
import { type Context, say, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { Failure } from "../failure.ts";
import { membersTable } from "../format/service.ts";
import { type MemberGoal, waitForMembers } from "../member-wait.ts";
import { onlineOrNot, onlineOrRead } from "../open.ts";
import { CLI_ACTOR, type Session } from "../session.ts";

const ACTIONS = ["set", "reset", "drain", "ready"] as const;
type Action = (typeof ACTIONS)[number];

type Options = { readonly wait?: boolean; readonly timeout: Ms };

/** `members`: who serves a pool, and taking single members out and in. */
export const membersCommands: Group = (program, bind) => {
  // As long as a rolling rollout waits for a drain.
  const { drain } = DEFAULTS.rolling;
  program
    .command("members")
    .argument("<service>")
    .argument("[pool]")
    .argument(
      "[action]",
      "set: these members instead of the configured ones; reset: the configured ones; drain, ready: take out, put back",
    )
    .argument("[members...]", "host:port")
    .description("show or change the members of a pool; also without a running controller")
    .option("--wait", "wait until nginx has done it: for drain, until nothing is in flight to the member any more")
    .addOption(
      durationOption("--timeout <duration>", "stop waiting after this long, exit 4").default(parseDuration(drain), drain),
    )
    .action(bind(members));
};

const members: Run<Options> = (context, [service = "", pool, action, ...addresses], options) =>
  (action === undefined ? onlineOrRead : onlineOrNot)(context, { service, pool }, async (session) => {
    const before = await session.service(service);
    if (pool !== undefined && before.pools[pool] === undefined) throw unknownPool(service, pool, before);
    let exit: ExitCode = EXIT.reached;
    let now = before;
    if (pool !== undefined && action !== undefined) {
      const goal = await change(context, session, before, pool, actionOf(action), addresses);
      if (options.wait === true) exit = await waitForMembers(context, session, goal, options.timeout);
      now = session.offline && options.wait !== true ? await applied(context, session, service) : await session.service(service);
    }
    const pools = pool === undefined ? now.pools : { [pool]: now.pools[pool] };
    const names = Object.values(pools).flatMap((one) => one?.members.map((member) => member.address) ?? []);
    await tell(context, { json: pools, names, lines: () => membersTable(now, context.out, pool ?? null) });
    return exit;
  });

async function change(
  context: Context,
  session: Session,
  before: ServiceView,
  pool: string,
  action: Action,
  addresses: readonly string[],
): Promise<MemberGoal> {
  if (action !== "reset" && addresses.length === 0) throw usage(`\`${action}\` needs at least one member`);
  if (action === "reset" && addresses.length > 0) throw usage("`reset` takes no members: it goes back to the configured list");
  const { name } = before;
  if (action === "set" || action === "reset") {
    await session.setMembers(name, pool, action === "set" ? addresses : null, CLI_ACTOR);
    return { service: name, pool, action: "list", members: [] };
  }
  const unknown = addresses.find((one) => !before.pools[pool]?.members.some((member) => member.address === one));
  if (unknown !== undefined) throw unknownMember(before, pool, unknown);
  await eachMember(context, session, { service: name, pool, action }, addresses);
  return { service: name, pool, action, members: addresses };
}

type Mark = { readonly service: string; readonly pool: string; readonly action: "drain" | "ready" };

/** One after the other. Where one is refused, those before it stay changed, and whoever asked is told which. */
async function eachMember(context: Context, session: Session, { service, pool, action }: Mark, members: readonly string[]) {
  for (const [index, member] of members.entries()) {
    try {
      await session.setMember(service, pool, member, action === "drain" ? "draining" : "ready", CLI_ACTOR);
    } catch (error) {
      const done = members.slice(0, index);
      const left = members.slice(index + 1);
      if (done.length > 0) say(context, `${done.join(", ")}: done (${action})`);
      if (left.length > 0) say(context, `${left.join(", ")}: nothing was done`);
      throw error;
    }
  }
}

const APPLY_MS = 15_000;

/** Offline, this process is what brings nginx there, so it stays until it is. */
async function applied(context: Context, session: Session, name: string): Promise<ServiceView> {
  const until = context.io.mono() + APPLY_MS;
  for (;;) {
    const service = await session.service(name);
    if (service.applied.targets.every((target) => target.state !== "applying")) return service;
    if (context.io.mono() > until) {
      say(context, "nginx does not serve it yet; it will when a controller runs");
      return service;
    }
    await sleep(50);
  }
}

function actionOf(text: string): Action {
  const action = ACTIONS.find((one) => one === text);
  if (action === undefined) throw usage(`"${text}" is nothing that can be done with members: ${suggest(text, ACTIONS)}`);
  return action;
}

function unknownPool(service: string, pool: string, view: ServiceView): Failure {
  return new Failure(EXIT.usage, `${service} has no pool "${pool}"`, {
    code: "unknown-pool",
    hint: suggest(pool, Object.keys(view.pools)),
  });
}

function unknownMember(view: ServiceView, pool: string, member: string): Failure {
  const known = view.pools[pool]?.members.map(({ address }) => address) ?? [];
  return new Failure(EXIT.usage, `${view.name} ${pool} has no member ${member}; nothing was changed`, {
    code: "invalid",
    hint: known.length === 0 ? `${pool} has no members` : suggest(member, known),
  });
}

function usage(message: string): Failure {
  return new Failure(EXIT.usage, message, { hint: "sluice members SERVICE POOL set|drain|ready HOST:PORT…, or reset" });
}
