import { findMaster } from "./processes.ts";
import type { Drive } from "./settings.ts";

/**
 * Makes nginx open its log files anew (USR1 to a master that was just seen to be one). Null where it was told to, else why not.
 *
 * The drive must name a pid.
 */
export async function reopenLogs({ pid }: Drive): Promise<string | null> {
  if (pid === null) return "no pid of nginx is configured";
  const found = await findMaster(pid);
  if (found.is === "none") return found.why;
  try {
    process.kill(found.master.pid, "SIGUSR1");
    return null;
  } catch (error) {
    return `nginx (pid ${found.master.pid}) cannot be signalled: ${(error as NodeJS.ErrnoException).code}`;
  }
}
