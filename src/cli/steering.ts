import type { Context } from "./context.ts";
import type { Steering } from "./live-progress.ts";
import { CLI_ACTOR, type Session } from "./session.ts";

/** Keys for the rollout of a service, and the signal that a key to leave or Ctrl-C gives. */
export function steered(
  context: Context,
  session: Session,
  service: string,
  sure: boolean,
): { readonly interrupted: AbortSignal; readonly steering: Steering | null } {
  const interrupted = context.io.interruptible();
  // Without a controller to leave the rollout to, whoever looks at it drives it: only Ctrl-C ends that.
  if (session.offline) return { interrupted, steering: null };
  const left = new AbortController();
  const steering: Steering = {
    command: (command) => session.command(service, command, CLI_ACTOR, { ifMatch: null, reason: null }),
    leave: () => left.abort(),
    sure,
  };
  return { interrupted: AbortSignal.any([interrupted, left.signal]), steering };
}
