import { type Command, Option } from "commander";
import type { Ms } from "../core/units.ts";
import type { RolloutView } from "../core/view.ts";
import { durationOption } from "./command.ts";
import { type Context, say, tell } from "./context.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { rolloutLines, rolloutSummary } from "./format/rollout.ts";
import { duration } from "./format/units.ts";
import { type Goal, nextActions, outcomeOf } from "./outcome.ts";
import { PROGRESSES, type ProgressKind, progressOn, type Told } from "./progress.ts";
import type { Session } from "./session.ts";
import { steered } from "./steering.ts";
import { type Waited, waitFor } from "./wait.ts";

/** The options of every verb that can wait for its goal. */
export type WaitOptions = {
  readonly wait?: boolean;
  readonly detach?: boolean;
  readonly timeout?: Ms;
  readonly progress: ProgressKind;
};

/** `after` is the newest event from before the verb; left out where the rollout began with it. */
type Conclusion = WaitOptions & { readonly goal: Goal; readonly told?: Told; readonly after?: number };

export function waitOptions(command: Command, waitsOnTerminal: boolean, goal = "it has ended"): Command {
  return command
    .option("--wait", `wait until ${goal}${waitsOnTerminal ? " (the default on a terminal)" : ""}`)
    .option("-d, --detach", "do not wait; print the id of the rollout and nothing else")
    .addOption(durationOption("--timeout <duration>", "stop waiting after this long, exit 4; the rollout goes on"))
    .addOption(progressOption());
}

export function progressOption(): Option {
  return new Option("--progress <how>", "how a wait is shown").choices(PROGRESSES).default("auto");
}

/**
 * Shows what a verb did, and waits for its goal where that was asked for.
 *
 * Without a controller there is no other process to leave the work to, so the wait is not optional there.
 */
export async function conclude(
  context: Context,
  session: Session,
  rollout: RolloutView,
  options: Conclusion & { readonly waitsOnTerminal: boolean },
): Promise<ExitCode> {
  const asked = options.wait ?? (options.waitsOnTerminal && context.io.stdout.isTTY === true && options.detach !== true);
  if (session.offline && !asked) say(context, "no controller runs: this process drives the rollout to its end");
  if (!asked && !session.offline) return told(context, rollout, options.detach === true);
  const { exit, rollout: last } = await waitOn(context, session, rollout, options);
  await end(context, last ?? rollout, exit, session.offline, options);
  return exit;
}

async function told(context: Context, rollout: RolloutView, idOnly: boolean): Promise<ExitCode> {
  const lines = () => (idOnly ? [rollout.id] : [rolloutSummary(rollout, context.out)]);
  await tell(context, { json: rollout, names: [rollout.id], lines });
  if (!idOnly && rollout.endedAt === null) say(context, `it goes on by itself; watch it with: sluice watch ${rollout.service}`);
  return EXIT.reached;
}

async function waitOn(context: Context, session: Session, rollout: RolloutView, options: Conclusion): Promise<Waited> {
  const { io } = context;
  const { interrupted, steering } = steered(context, session, rollout.service, false);
  return waitFor(session, {
    service: rollout.service,
    rollout: rollout.id,
    after: options.after,
    until: (seen) => outcomeOf(seen, options.goal),
    timeoutMs: options.timeout ?? null,
    interrupted,
    progress: await progressOn(context, io.stderr, options.progress, footer(session.offline), { told: options.told, steering }),
    mono: io.mono,
  });
}

/** The last word on stdout, and on stderr why it ended short of its goal and what to do about it. */
async function end(
  context: Context,
  rollout: RolloutView,
  exit: ExitCode,
  offline: boolean,
  options: WaitOptions,
): Promise<void> {
  const lines = () =>
    exit === EXIT.reverted ? rolloutLines(rollout, context.out, context.io.wall()) : [rolloutSummary(rollout, context.out)];
  await tell(context, { json: rollout, names: [rollout.id], lines });
  const after = short(exit, rollout, offline, options);
  if (after === null) return;
  say(context, after);
  for (const command of nextActions(rollout)) say(context, `  ${command}`);
}

function short(exit: ExitCode, rollout: RolloutView, offline: boolean, options: WaitOptions): string | null {
  const left = offline
    ? "nothing drives it until `sluice serve` runs; traffic stays as it is. Then:"
    : "the rollout goes on. Come back with:";
  switch (exit) {
    case EXIT.interrupted:
      return `interrupted: ${left}`;
    case EXIT.timedOut:
      return `${rollout.id} is still ${rollout.phase} after ${duration(options.timeout ?? 0)}: ${left}`;
    case EXIT.person:
      return `${rollout.id} waits for a person. Next:`;
    case EXIT.reverted:
      return `${rollout.id} was reverted; ${rollout.from} carries the traffic. When the cause is mended:`;
    default:
      return null;
  }
}

export function footer(offline: boolean): string {
  return offline ? "Ctrl-C stops here: nothing else drives this rollout" : "Ctrl-C stops watching; the rollout goes on";
}
