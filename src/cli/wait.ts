import { setTimeout as sleep } from "node:timers/promises";
import type { Ms } from "../core/units.ts";
import type { RolloutView } from "../core/view.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { isPassing } from "./failure.ts";
import { type Look, lookAt } from "./look.ts";
import type { Session } from "./session.ts";

/** What shows a wait to a person. */
export interface Progress {
  show(look: Look): void;
  /** The controller cannot be asked now, and why; null once it can again. */
  trouble(reason: string | null): void;
  close(): void;
}

export type WaitFor = {
  readonly service: string;
  readonly rollout: string;
  /** Events up to this number are not shown: they are from before what is waited for. All are where it is left out. */
  readonly after?: number | undefined;
  /** The exit code that ends the wait, null to go on. */
  readonly until: (rollout: RolloutView) => ExitCode | null;
  readonly timeoutMs: Ms | null;
  readonly interrupted: AbortSignal;
  readonly progress: Progress;
  readonly mono: () => Ms;
};

export type Waited = { readonly exit: ExitCode; readonly rollout: RolloutView | null };

/** Without news the rollout is looked at this often: a countdown, a stream that is cut off. */
const IDLE_MS = 1_000;
/** A burst of events is one look. */
const BURST_MS = 100;
/** A hold that is over ends the wait only once it stays so: the controller may be about to go on. */
const STEADY_MS = 1_500;
/** A controller that is gone for longer than this ends the wait; a restart takes seconds. */
const GONE_MS = 60_000;

/** Waits for a rollout, looking whenever something happened to it. The rollout goes on however the wait ends. */
export async function waitFor(session: Session, wait: WaitFor): Promise<Waited> {
  const ended = new AbortController();
  const bell = new Bell();
  const stop = AbortSignal.any([ended.signal, wait.interrupted]);
  let ringing: Promise<void> | null = null;
  const listen = (after: number) => {
    ringing ??= ringOnEvents(session, wait.service, after, bell, stop);
  };
  try {
    return await looks(session, wait, bell, listen);
  } finally {
    ended.abort();
    await ringing;
    wait.progress.close();
  }
}

async function looks(session: Session, wait: WaitFor, bell: Bell, listen: (after: number) => void): Promise<Waited> {
  const deadline = wait.timeoutMs === null ? Number.POSITIVE_INFINITY : wait.mono() + wait.timeoutMs;
  let rollout: RolloutView | null = null;
  let seen = wait.after ?? 0;
  let goneSince: Ms | null = null;
  let heldSince: Ms | null = null;
  for (;;) {
    try {
      const look = await lookAt(session, wait.service, wait.rollout, seen);
      seen = look.events.at(-1)?.seq ?? seen;
      listen(seen);
      rollout = look.rollout;
      if (goneSince !== null) wait.progress.trouble(null);
      goneSince = null;
      wait.progress.show(look);
      const exit = wait.until(rollout);
      heldSince = exit === EXIT.person && rollout.hold !== null ? (heldSince ?? wait.mono()) : null;
      if (exit !== null && (heldSince === null || wait.mono() - heldSince >= STEADY_MS)) return { exit, rollout };
    } catch (error) {
      goneSince ??= wait.mono();
      if (!isPassing(error) || wait.mono() - goneSince > GONE_MS) throw error;
      wait.progress.trouble(error instanceof Error ? error.message : String(error));
    }
    if (wait.interrupted.aborted) return { exit: EXIT.interrupted, rollout };
    if (wait.mono() >= deadline) return { exit: EXIT.timedOut, rollout };
    await bell.rest(Math.min(IDLE_MS, deadline - wait.mono()), wait.interrupted);
  }
}

/** Wakes a loop early. A ring while nobody rests is kept for the next rest. */
class Bell {
  #rung = new AbortController();

  ring(): void {
    this.#rung.abort();
  }

  async rest(ms: Ms, interrupted: AbortSignal): Promise<void> {
    if (!this.#rung.signal.aborted) await pause(ms, AbortSignal.any([this.#rung.signal, interrupted]));
    if (this.#rung.signal.aborted) await pause(Math.min(ms, BURST_MS), interrupted);
    this.#rung = new AbortController();
  }
}

async function pause(ms: Ms, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}

/** The events only ring: what is shown is always read anew, so that a lost or doubled event changes nothing. */
async function ringOnEvents(session: Session, service: string, after: number, bell: Bell, stop: AbortSignal): Promise<void> {
  try {
    for await (const _ of session.follow({ service }, after, stop)) bell.ring();
  } catch (error) {
    // Without the stream the loop still looks each second, and reports by itself what keeps it from that.
    if (!isPassing(error) && !stop.aborted) bell.ring();
  }
}
