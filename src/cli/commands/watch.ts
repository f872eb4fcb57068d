import { setTimeout as sleep } from "node:timers/promises";
import type { Ms } from "../../core/units.ts";
import type { RolloutView } from "../../core/view.ts";
import { durationOption, type Group, type Run } from "../command.ts";
import { type Context, say, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { rolloutSummary } from "../format/rollout.ts";
import type { Screen } from "../io.ts";
import { online } from "../open.ts";
import { type ProgressKind, progressOn } from "../progress.ts";
import type { Session } from "../session.ts";
import { steered } from "../steering.ts";
import { waitFor } from "../wait.ts";
import { footer, progressOption } from "../waiting.ts";

type Options = { readonly progress: ProgressKind; readonly timeout?: Ms; readonly yes?: boolean };

/** `watch`: the live view of a service's rollout, to its end. */
export const watchCommands: Group = (program, bind) => {
  program
    .command("watch")
    .argument("<service>")
    .description("follow the rollout of a service to its end; on a terminal, wait for the next one where none runs")
    .addOption(progressOption())
    .addOption(durationOption("--timeout <duration>", "stop watching after this long, exit 4"))
    .option("-y, --yes", "a key that moves traffic is pressed once instead of twice")
    .action(bind(watch));
};

const watch: Run<Options> = (context, [name = ""], options) =>
  online(context, { service: name }, async (session) => {
    const { interrupted, steering } = steered(context, session, name, options.yes === true);
    const rollout = await underWay(context, session, name, interrupted);
    if (rollout === null) return interrupted.aborted ? EXIT.interrupted : nothing(context, session, name);
    const waited = await waitFor(session, {
      service: name,
      rollout: rollout.id,
      until: endOf,
      timeoutMs: options.timeout ?? null,
      interrupted,
      progress: await progressOn(context, screenOf(context), options.progress, footer(false), { steering }),
      mono: context.io.mono,
    });
    const last = waited.rollout ?? rollout;
    if (waited.exit === EXIT.interrupted || waited.exit === EXIT.timedOut) {
      say(context, `${last.id} goes on; come back with: sluice watch ${name}`);
    } else {
      await tell(context, { json: last, names: [last.id], lines: () => [rolloutSummary(last, context.out)] });
    }
    return waited.exit;
  });

/** What is watched is the data, unless the end of it was asked for in a form for programs. */
function screenOf({ flags: { output }, io }: Context): Screen {
  return output === "table" || output === "wide" ? io.stdout : io.stderr;
}

/** Programs get how the newest one ended. */
async function nothing(context: Context, session: Session, name: string): Promise<ExitCode> {
  const { rollout } = await session.service(name);
  await tell(context, { json: rollout, names: rollout === null ? [] : [rollout.id], lines: () => [] });
  return EXIT.reached;
}

/** Only an end ends a watch: what waits for a person is worth watching too. */
function endOf(rollout: RolloutView): ExitCode | null {
  if (rollout.phase === "promoted") return EXIT.reached;
  return rollout.phase === "reverted" ? EXIT.reverted : null;
}

/** The rollout under way; a terminal stays until there is one, a script goes on with its work. */
async function underWay(context: Context, session: Session, name: string, interrupted: AbortSignal): Promise<RolloutView | null> {
  for (let first = true; ; first = false) {
    const { rollout, stable } = await session.service(name);
    if (rollout !== null && rollout.endedAt === null) return rollout;
    if (first) say(context, `nothing is under way for ${name}: ${stable} carries the traffic`);
    if (context.io.stdout.isTTY !== true || interrupted.aborted) return null;
    if (first) say(context, "waiting for the next rollout; Ctrl-C stops");
    await sleep(1_000, undefined, { signal: interrupted }).catch(() => undefined);
  }
}
