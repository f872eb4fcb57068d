import { setTimeout as wait } from "node:timers/promises";
import type { Ms } from "../core/units.ts";
import { runningProcesses } from "./processes.ts";

const LOOK_EVERY_MS: Ms = 25;

/** Ends a process group: SIGTERM, and SIGKILL for what still runs after `graceMs`. Resolves once nothing of it runs. */
export async function endGroup(group: number, graceMs: Ms): Promise<void> {
  signal(group, "SIGTERM");
  for (const began = performance.now(); performance.now() - began < graceMs; ) {
    if (await isGone(group)) return;
    await wait(LOOK_EVERY_MS);
  }
  while (!(await isGone(group))) {
    signal(group, "SIGKILL");
    await wait(LOOK_EVERY_MS);
  }
}

/** Zombies are gone: where nobody reaps orphans, as in many containers, they stay for good. */
async function isGone(group: number): Promise<boolean> {
  if (!signal(group, 0)) return true;
  const running = await runningProcesses();
  // Without /proc, the signal has said all that can be known.
  return running.length > 0 && !running.some((one) => one.group === group);
}

/** False where the group has no process any more. */
function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, name);
    return true;
  } catch (error) {
    // EPERM: it is there, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
