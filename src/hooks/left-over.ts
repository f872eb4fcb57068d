import type { Ms } from "../core/units.ts";
import { endGroup } from "./group.ts";
import { hasInEnvironment, type Running, runningProcesses } from "./processes.ts";

/**
 * Ends what an earlier process of Sluice left running for a key, and resolves once it is gone.
 *
 * A hook leads a process group whose number is its process id. Numbers are given out again, so a group counts only where one of its
 * processes has the key in its environment. Where no id was stored, it is looked for by the key alone.
 */
export async function endLeftOver(key: string, pid: number | null, graceMs: Ms): Promise<void> {
  const running = await runningProcesses();
  const entry = `SLUICE_KEY=${key}`;
  const candidates = pid === null ? running : running.filter(({ group }) => group === pid);
  const found = await Promise.all(candidates.map(async (one) => ((await hasInEnvironment(one.pid, entry)) ? one : null)));
  const groups = new Set(found.flatMap((one) => (one === null ? [] : one.group)));
  const own = groupOf(process.pid, running);
  await Promise.all([...groups].filter((group) => group > 1 && group !== own).map((group) => endGroup(group, graceMs)));
}

function groupOf(pid: number, running: readonly Running[]): number | undefined {
  return running.find((one) => one.pid === pid)?.group;
}
