import { setTimeout as sleep } from "node:timers/promises";
import type { Ms } from "../core/units.ts";
import type { HookRunView, RolloutView, ServiceView } from "../core/view.ts";
import { type Context, say, tell } from "./context.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { Failure, isPassing } from "./failure.ts";
import { rolloutSummary } from "./format/rollout.ts";
import { duration } from "./format/units.ts";
import { plain } from "./format/width.ts";
import { isApplied, waitsForNginx } from "./member-wait.ts";
import type { Session } from "./session.ts";
import { statusLineOn } from "./status-line.ts";

const LOOK_MS: Ms = 300;
/** A controller that is gone for longer ends the wait; a restart takes seconds. */
const GONE_MS: Ms = 60_000;

type Seen = { readonly service: ServiceView; readonly rollout: RolloutView; readonly running: readonly HookRunView[] };

/**
 * Waits until a pause holds: no hook that began before it runs any more, and nginx has what was wanted last. From then on nothing of the
 * rollout is under way until somebody resumes it.
 */
export async function waitForPause(
  context: Context,
  session: Session,
  paused: RolloutView,
  timeoutMs: Ms | null,
): Promise<ExitCode> {
  const { io } = context;
  const interrupted = io.interruptible();
  const until = timeoutMs === null ? Number.POSITIVE_INFINITY : io.mono() + timeoutMs;
  const progress = await statusLineOn(context);
  let goneAt: Ms | null = null;
  let last = paused;
  let text = "";
  try {
    for (;;) {
      try {
        const seen = await look(session, paused);
        goneAt = null;
        last = seen.rollout;
        mustBePaused(seen.rollout);
        text = missing(seen) ?? "";
        if (text === "") break;
        progress.show(text);
      } catch (error) {
        goneAt ??= io.mono();
        if (!isPassing(error) || io.mono() - goneAt > GONE_MS) throw error;
        progress.show(`waiting for the controller: ${plain(error instanceof Error ? error.message : String(error))}`);
      }
      if (interrupted.aborted || io.mono() >= until) break;
      await sleep(Math.min(LOOK_MS, until - io.mono()), undefined, { signal: interrupted }).catch(() => undefined);
    }
  } finally {
    progress.close();
  }
  await tell(context, { json: last, names: [last.id], lines: () => [rolloutSummary(last, context.out)] });
  if (text === "") return EXIT.reached;
  const why = interrupted.aborted ? "interrupted" : `still not at rest after ${duration(timeoutMs ?? 0)}`;
  say(context, `${why}: ${text}. ${last.id} is paused, and begins nothing new`);
  return interrupted.aborted ? EXIT.interrupted : EXIT.timedOut;
}

async function look(session: Session, { id, service: name }: RolloutView): Promise<Seen> {
  const [service, { rollout, hooks }] = await Promise.all([session.service(name), session.explanation(id)]);
  return { service, rollout, running: hooks.filter(({ is }) => is === "running") };
}

/** What is not at rest yet; null where all of it is. */
function missing({ service, running }: Seen): string | null {
  if (running.length > 0)
    return running
      .map(({ name, member }) => `${plain(name)} still runs${member === null ? "" : ` for ${plain(member)}`}`)
      .join("; ");
  return isApplied(service) ? null : waitsForNginx(service);
}

/** Somebody, or a check that failed, may decide otherwise while this waits. */
function mustBePaused({ id, service, phase, reason }: RolloutView): void {
  if (phase === "paused") return;
  const back = phase === "reverting" || phase === "reverted";
  throw new Failure(back ? EXIT.reverted : EXIT.conflict, `${id} is not paused any more but ${phase}: ${plain(reason)}`, {
    hint: `see by whom: sluice events ${service}`,
  });
}
