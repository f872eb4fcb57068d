import type { Ms } from "../core/units.ts";
import type { HookRunView, RolloutView, ServiceView } from "../core/view.ts";
import { type Context, say, tell } from "./context.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { Failure } from "./failure.ts";
import { rolloutSummary } from "./format/rollout.ts";
import { duration } from "./format/units.ts";
import { plain } from "./format/width.ts";
import { lookUntil } from "./look-until.ts";
import { isApplied, waitsForNginx } from "./member-wait.ts";
import type { Session } from "./session.ts";

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
  let last = paused;
  const { exit, text } = await lookUntil(context, timeoutMs, async () => {
    const seen = await look(session, paused);
    last = seen.rollout;
    mustBePaused(seen.rollout);
    const text = missing(seen);
    return { done: text === null, text: text ?? "" };
  });
  await tell(context, { json: last, names: [last.id], lines: () => [rolloutSummary(last, context.out)] });
  if (exit === EXIT.reached) return exit;
  const why = exit === EXIT.interrupted ? "interrupted" : `still not at rest after ${duration(timeoutMs ?? 0)}`;
  say(context, `${why}: ${text}. ${last.id} is paused, and begins nothing new`);
  return exit;
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
