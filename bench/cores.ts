import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The cores that this process may use, as the kernel lists them. */
const ALLOWED = allowed();

/** Four cores for four busy processes; null where there are not so many, or no `taskset` (util-linux) to assign them with. */
export const FOUR_CORES: readonly number[] | null =
  ALLOWED.length >= 4 && spawnSync("taskset", ["-V"]).status === 0 ? ALLOWED.slice(0, 4) : null;

/** Keeps a process with all its threads on one core, until disposed. */
export function keepOn(core: number, pid: number): Disposable {
  assign(String(core), pid);
  return { [Symbol.dispose]: () => assign(ALLOWED.join(","), pid) };
}

function assign(cores: string, pid: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", cores, String(pid)], { stdio: "ignore" });
}

/** `0-1,4` is 0, 1 and 4; nothing where the system does not say. */
function allowed(): readonly number[] {
  if (process.platform !== "linux") return [];
  const [, list = ""] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return list.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, more) => from + more);
  });
}
