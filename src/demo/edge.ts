import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { EXIT } from "../cli/exit.ts";
import { Failure } from "../cli/failure.ts";
import type { Env } from "../cli/io.ts";
import { startWatcher } from "./watcher.ts";

/** Where nginx is on machines that do not have it on the PATH of every user. */
const FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
const START_MS = 10_000;
const STOP_MS = 3_000;

/** The path of nginx, on the PATH or in one of `others`. Rejects with what to install where there is none. */
export async function findNginx(env: Env, others: readonly string[] = FOLDERS): Promise<string> {
  for (const folder of [...(env.PATH ?? "").split(delimiter), ...others]) {
    const path = join(folder, "nginx");
    if (folder !== "" && (await isExecutable(path))) return path;
  }
  throw new Failure(EXIT.unexpected, "nginx is missing: the demo runs a real one, and there is none on the PATH", {
    hint: "install it (apt-get install nginx, dnf install nginx, apk add nginx, brew install nginx), then try again",
  });
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Starts nginx with the nginx.conf of a folder, and waits until it answers at `url`. Disposing ends it, and so does the end
 * of this process; where that is killed, the folder goes too.
 *
 * It has a process group of its own: Ctrl-C reaches the demo alone, which ends things in their order.
 */
export async function startEdge(binary: string, folder: string, url: string): Promise<AsyncDisposable> {
  const child = execa(binary, ["-p", folder, "-c", join(folder, "nginx.conf")], {
    detached: true,
    cleanup: false,
    reject: false,
    stdin: "ignore",
    stdout: "ignore",
  });
  const killGroup = () => child.pid !== undefined && signalGroup(child.pid);
  const watcher = child.pid === undefined ? null : startWatcher(child.pid, folder);
  // Before the listener that removes the folder.
  process.prependOnceListener("exit", killGroup);
  let ended = false;
  const end = child.then((result) => {
    ended = true;
    return result;
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await Promise.race([end, sleep(STOP_MS, undefined, { ref: false })]);
    killGroup();
    await end;
    await watcher?.[Symbol.asyncDispose]();
    process.off("exit", killGroup);
  };
  try {
    await answers(url, () => ended);
    return { [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    const said = (await end).stderr || (await logOf(folder)) || (error instanceof Error ? error.message : String(error));
    throw new Failure(EXIT.unexpected, `nginx did not start: ${said.trim().split("\n").slice(-3).join("; ")}`, {
      hint: `try \`${binary} -t\`: is this nginx in order?`,
      cause: error,
    });
  }
}

async function answers(url: string, ended: () => boolean): Promise<void> {
  const limit = AbortSignal.timeout(START_MS);
  for (;;) {
    if (ended()) throw new Error("it ended by itself");
    const status = await fetch(url, { signal: limit }).then(
      (response) => response.status,
      () => null,
    );
    if (status === 200) return;
    if (limit.aborted) throw new Error(`no answer at ${url} within ${START_MS} ms${status === null ? "" : `, but ${status}`}`);
    await sleep(20);
  }
}

async function logOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, "error.log"), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => /\[(emerg|alert|crit)\]/.test(line))
    .join("\n");
}

/** All of it may have ended already, which is as good. */
function signalGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
