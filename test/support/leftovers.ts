import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a process may take to end after the last test. */
const GRACE_MS = 3_000;

/**
 * Gives a run of the tests one folder for everything temporary, and fails it where a process that works in it is left at the
 * end: whoever starts one stops it.
 */
export default function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-run-"));
  // nginx's workers are another user, and look into folders below.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  return async () => {
    const end = performance.now() + GRACE_MS;
    while (processesIn(folder).length > 0 && performance.now() < end) await sleep(50);
    const left = processesIn(folder);
    rmSync(folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`tests left processes behind:\n${left.join("\n")}`);
  };
}

/** `pid command` of every process whose command names the folder; none where there is no /proc. */
function processesIn(folder: string): readonly string[] {
  return listed("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => `${pid} ${commandOf(pid)}`)
    .filter((line) => line.includes(folder));
}

function listed(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    // Only Linux has it: elsewhere nothing is looked for.
    return [];
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    // It ended while we looked.
    return "";
  }
}
