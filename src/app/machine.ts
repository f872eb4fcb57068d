import { readFile } from "node:fs/promises";

/** Uptime is that of the boot, so that it means the same to the next process; whole milliseconds, so that sums are exact. */
export async function thisMachine() {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    // Not Linux: every start then counts as another boot, and adds nothing to a dwell.
    () => null,
  );
  return { boot, uptimeMs: () => Number(process.hrtime.bigint() / 1_000_000n), wallMs: () => Date.now() };
}
