import { readdir, readFile } from "node:fs/promises";

/** A process that still runs; zombies do not. */
export type Running = { readonly pid: number; readonly group: number };

/** Every process of this machine (of this container) that runs; none where there is no /proc. */
export async function runningProcesses(): Promise<readonly Running[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map((pid) => runningOf(Number(pid))))).flatMap((one) => one ?? []);
}

/** Null for one that is gone. The name of a program stands in brackets and may hold anything, so what counts comes after the last one. */
async function runningOf(pid: number): Promise<Running | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || state === "X" ? null : { pid, group: Number(group) };
}

/** True where a process was started with this in its environment; false also where that cannot be read. */
export async function hasInEnvironment(pid: number, entry: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  return environment.split("\0").includes(entry);
}
