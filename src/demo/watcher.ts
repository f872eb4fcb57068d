import { execa } from "execa";

/** What runs in the watcher: its input ends when the demo does, and then nothing is to be left. */
const WATCH = `
const { rmSync } = require("node:fs");
const [group, folder] = process.argv.slice(1);
process.stdin.resume().on("end", () => {
  try {
    process.kill(-Number(group), "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
});`;

/**
 * A small process that ends a process group and removes a folder as soon as this process is gone, for a SIGKILL lets nobody
 * tidy up. Disposing ends it without either.
 */
export function startWatcher(group: number, folder: string): AsyncDisposable {
  const child = execa(process.execPath, ["-e", WATCH, "--", String(group), folder], {
    detached: true,
    cleanup: false,
    reject: false,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child;
    },
  };
}
