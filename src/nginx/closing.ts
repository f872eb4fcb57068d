import { rm, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Ms } from "../core/units.ts";

/**
 * Tells keep-alive clients to reconnect while `reload` runs: the flag stands from `closingMs` before it until it is over; `hurry` ends the wait.
 *
 * Without it each busy keep-alive client may lose the request that it sends while its worker quits. The flag goes away whatever
 * happens, because every connection costs more while it stands.
 */
export async function whileClosing<T>(flag: string, closingMs: Ms, hurry: AbortSignal, reload: () => Promise<T>): Promise<T> {
  await writeFile(flag, "", { mode: 0o644 });
  try {
    // Hurried or not, the reload follows: it ends by itself where the whole process does.
    await wait(closingMs, undefined, { signal: hurry }).catch(() => {});
    return await reload();
  } finally {
    await rm(flag, { force: true });
  }
}
