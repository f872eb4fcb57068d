import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { execa } from "execa";
import type { Ms } from "../core/units.ts";
import type { Statement } from "./inspect/statement.ts";
import { readMainContext } from "./main-context.ts";
import { childrenOf } from "./processes.ts";
import type { Drive } from "./settings.ts";
import { words } from "./words.ts";

/** A worker that starts takes a few milliseconds; where a machine takes longer than this, nothing can be concluded. */
const START_MS: Ms = 2_000;
/** Ends the small nginx after so many seconds, whatever becomes of the one who started it. */
const LIMITER = { command: "timeout", mostS: 10 };
const LOOK_EVERY_MS: Ms = 3;
/** A program that runs another for some seconds at most, as coreutils' and busybox's `timeout` do. */
export type Limiter = { readonly command: string; readonly mostS: number };
/** What the small nginx must have of its own. */
const OWN = new Set(["pid", "error_log", "daemon", "master_process", "worker_processes", "lock_file", "include", "debug_points"]);

/**
 * Finds the settings that let `nginx -t` pass and then end every worker: `working_directory`, `worker_rlimit_nofile`,
 * `worker_connections`.
 *
 * A reload with one of them is an outage that no file of ours can undo, because it stands in the user's main file. So a second,
 * tiny nginx with the same main context and no socket at all is started first, and its worker has to come up. That is done again
 * only where the main context has changed.
 */
export class Preflight {
  readonly #limiter: Limiter;
  #good = "";

  constructor(limiter: Limiter = LIMITER) {
    this.#limiter = limiter;
  }

  /** Null where workers would start, or nothing can be said; else what ends them. */
  async objection(drive: Drive, prefix: string): Promise<string | null> {
    if (drive.by !== "local") return null;
    const statements = await readMainContext(drive.config, prefix);
    const text = contextOf(statements);
    const folder = statements.find((one) => one.name === "working_directory")?.args[0];
    const print = `${text}${
      folder === undefined
        ? ""
        : await stat(folder).then(
            () => "there",
            () => "absent",
          )
    }`;
    if (print === this.#good) return null;
    const objection = await tryWorker(drive.binary, text, this.#limiter);
    if (objection === null) this.#good = print;
    return objection === null
      ? null
      : `nginx's workers would all end with the main context of ${drive.config}: ${objection}; mend that first`;
  }
}

async function tryWorker(binary: string, context: string, limiter: Limiter): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-start-"));
  const log = join(folder, "error.log");
  const own = `daemon off;\nworker_processes 1;\npid ${folder}/pid;\nlock_file ${folder}/lock;\nerror_log ${log} notice;\n`;
  await writeFile(join(folder, "main.conf"), own + context);
  const nginx = [binary, "-p", folder, "-c", join(folder, "main.conf")];
  const { child } = await started(limiter, nginx);
  let ended = false;
  const done = child.then(() => {
    ended = true;
  });
  try {
    for (let waitedMs = 0; waitedMs < START_MS && !ended; waitedMs += LOOK_EVERY_MS) {
      // nginx names a worker only once it has set itself up.
      const pid = Number(await readFile(join(folder, "pid"), "utf8").catch(() => "0"));
      if (pid > 0 && (await childrenOf({ pid, started: "", title: "" })).serving.length > 0) return null;
      const said = await readFile(log, "utf8").catch(() => "");
      if (said.includes("cannot be respawned")) return words(said, "/sluice", "see its error log").text;
      await wait(LOOK_EVERY_MS);
    }
    return null;
  } finally {
    // All of its group, and at once: an nginx that is told to end while it starts may wait for another signal before it does.
    if (!ended && child.pid !== undefined) endGroup(child.pid);
    await done;
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts the small nginx by way of the limiter: without one, which not every machine has, a kill of Sluice in the middle would leave it. */
async function started(limiter: Limiter, nginx: readonly string[]) {
  const start = ([file = "", ...args]: readonly string[]) =>
    execa(file, args, { reject: false, detached: true, stdio: "ignore" });
  const child = start([limiter.command, String(limiter.mostS), ...nginx]);
  const absent = child.pid === undefined && (await child).code === "ENOENT";
  // In an object, because a child is awaited for its end.
  return { child: absent ? start(nginx) : child };
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function contextOf(statements: readonly Statement[]): string {
  const events = statements.find((one) => one.name === "events")?.block ?? [];
  const simple = statements.filter((one) => one.block === null && !OWN.has(one.name));
  return `${simple.map(line).join("")}events {\n${events
    .filter((one) => one.block === null && one.name !== "include")
    .map(line)
    .join("")}}\n`;
}

function line(statement: Statement): string {
  return `${[statement.name, ...statement.args.map(quoted)].join(" ")};\n`;
}

function quoted(text: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
