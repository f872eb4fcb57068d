import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

/** An nginx master as /proc shows it. `started` tells a restarted one from the one before, even with the same pid. */
export type Master = { readonly pid: number; readonly started: string; readonly title: string };

export type Found = { readonly is: "master"; readonly master: Master } | { readonly is: "none"; readonly why: string };

/** The children of a master: workers that accept connections, workers that are shutting down, and everything else. */
export type Children = { readonly serving: readonly number[]; readonly leaving: readonly number[]; readonly all: number };

/** The master that a pid file names. What is not an nginx master is never signalled: the pid may be anybody's by now. */
export async function findMaster(pidFile: string): Promise<Found> {
  let text: string;
  try {
    text = (await readFile(pidFile, "utf8")).trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return none(`nginx is not running (${pidFile} is not there); start nginx, or put nginx.pid right`);
    return none(`${pidFile} cannot be read (${code}); let the user that Sluice runs as read it`);
  }
  const pid = Number(text);
  if (!/^\d+$/.test(text) || pid < 1) return none(`nginx is not running yet (${pidFile} holds no pid)`);
  return masterAt(pid, pidFile);
}

function masterAt(pid: number, pidFile: string): Found {
  const [title, started] = [titleOf(pid), startedAt(pid)];
  if (title === null || started === null) return none(`nginx is not running (no process has the pid ${pid} of ${pidFile})`);
  if (!title.startsWith("nginx: master process"))
    return none(
      `the pid ${pid} of ${pidFile} is not an nginx master (it is ${JSON.stringify(title.slice(0, 60))}); it gets no signal`,
    );
  return { is: "master", master: { pid, started, title } };
}

/** True where the same master still lives. */
export async function isAlive(master: Master): Promise<boolean> {
  return startedAt(master.pid) === master.started && titleOf(master.pid)?.startsWith("nginx: master") === true;
}

export async function childrenOf(master: Master): Promise<Children> {
  const pids = await childPids(master.pid);
  const titles = pids.map(titleOf);
  const workers = pids.flatMap((pid, index) => {
    const title = titles[index];
    return title?.startsWith("nginx: worker process") ? [{ pid, leaving: title.includes("shutting down") }] : [];
  });
  return {
    serving: workers.filter((worker) => !worker.leaving).map((worker) => worker.pid),
    leaving: workers.filter((worker) => worker.leaving).map((worker) => worker.pid),
    all: pids.length,
  };
}

/** An option that the master was started with (`-p`, `-c`, `-g`), as its title shows it; null where it was not given. */
export function startOption(master: Master, option: string): string | null {
  const found = new RegExp(` -${option} ?(\\S+)`).exec(master.title);
  return found?.[1] ?? null;
}

async function childPids(pid: number): Promise<readonly number[]> {
  const listed = procFile(`${pid}/task/${pid}/children`);
  if (listed !== null) return listed.split(" ").filter(Boolean).map(Number);
  const all = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  return all.filter((one) => statField(one, 1) === String(pid));
}

function titleOf(pid: number): string | null {
  const text = procFile(`${pid}/cmdline`);
  return text === null || text === "" ? null : text.replaceAll("\0", " ").trim();
}

function startedAt(pid: number): string | null {
  return statField(pid, 19);
}

/** A field of `/proc/PID/stat`, counted from the state, which follows the name in parentheses. */
function statField(pid: number, index: number): string | null {
  const text = procFile(`${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[index] ?? null;
}

/**
 * A file of /proc; null where the process is gone. Not by the thread pool: nothing of it lies on a disk, and five trips there for
 * each of these lines took ten times as much of the processor, in every look of a proof.
 */
function procFile(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return null;
  }
}

function none(why: string): Found {
  return { is: "none", why };
}
