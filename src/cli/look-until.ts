import { setTimeout as sleep } from "node:timers/promises";
import type { Ms } from "../core/units.ts";
import type { Context } from "./context.ts";
import { EXIT } from "./exit.ts";
import { isPassing } from "./failure.ts";
import { plain } from "./format/width.ts";
import { statusLineOn } from "./status-line.ts";

const LOOK_MS: Ms = 200;
/** A controller that is gone for longer ends the wait; a restart takes seconds. */
const GONE_MS: Ms = 60_000;

/** Where it stands: `text` for people, empty where there is nothing to say, and whether it is reached. */
export type Standing = { readonly done: boolean; readonly text: string };

/** How a wait ended, and what was said of it last. */
export type Waited = {
  readonly exit: typeof EXIT.reached | typeof EXIT.interrupted | typeof EXIT.timedOut;
  readonly text: string;
};

/**
 * Looks until something is done, `timeoutMs` is over (null for never) or somebody interrupts, and shows where it stands.
 *
 * Throws what `look` throws; where that may pass, such as a controller that is being restarted, only after a minute of it.
 */
export async function lookUntil(context: Context, timeoutMs: Ms | null, look: () => Promise<Standing>): Promise<Waited> {
  const { io } = context;
  const interrupted = io.interruptible();
  const until = timeoutMs === null ? Number.POSITIVE_INFINITY : io.mono() + timeoutMs;
  const progress = await statusLineOn(context);
  let goneAt: Ms | null = null;
  let text = "";
  try {
    for (;;) {
      try {
        const standing = await look();
        goneAt = null;
        text = standing.text;
        if (text !== "") progress.show(text);
        if (standing.done) return { exit: EXIT.reached, text };
      } catch (error) {
        goneAt ??= io.mono();
        if (!isPassing(error) || io.mono() - goneAt > GONE_MS) throw error;
        progress.show(`waiting for the controller: ${plain(error instanceof Error ? error.message : String(error))}`);
      }
      if (interrupted.aborted) return { exit: EXIT.interrupted, text };
      if (io.mono() >= until) return { exit: EXIT.timedOut, text };
      await sleep(Math.min(LOOK_MS, until - io.mono()), undefined, { signal: interrupted }).catch(() => undefined);
    }
  } finally {
    progress.close();
  }
}
