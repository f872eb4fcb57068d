import { rm, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Ms } from "../core/units.ts";

export type Closing = {
  /** The file that nginx looks for (`sluice.closing.conf`). */
  readonly flag: string;
  readonly closingMs: Ms;
  /** A way back: it waits for nothing. */
  readonly urgent: boolean;
  /** Ends the wait where something urgent turns up. */
  readonly hurry: AbortSignal;
};

/**
 * Tells keep-alive clients to reconnect while `reload` runs: the flag stands from `closingMs` before it until it is over.
 *
 * Without it each busy keep-alive client may lose the request that it sends while its worker quits. An urgent reload does not wait, but
 * nginx itself lets 100 ms pass between its new workers' start and its old ones' end, in which most clients see the flag. The flag goes
 * away whatever happens, because every connection costs more while it stands.
 */
export async function whileClosing<T>({ flag, closingMs, urgent, hurry }: Closing, reload: () => Promise<T>): Promise<T> {
  const written = writeFile(flag, "", { mode: 0o644 });
  // A way back needs no disk: where the flag cannot be written it costs a busy client its request, not everybody the way back.
  await (urgent ? written.catch(() => {}) : written);
  try {
    // Hurried or not, the reload follows: it ends by itself where the whole process does.
    if (!urgent) await wait(closingMs, undefined, { signal: hurry }).catch(() => {});
    return await reload();
  } finally {
    await rm(flag, { force: true });
  }
}
