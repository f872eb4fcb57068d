import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/**
 * A real nginx in a folder of its own, for tests.
 *
 * Workers run as root where the tests do (`user root`), because the folders of `mkdtemp` are 0700 and a worker must be able to
 * look into the tables. It never daemonises; it is ended with the test, also where the test process ends by itself.
 */
export type NginxOptions = {
  /** What stands inside `http { }`. */
  readonly http: string;
  /** 1 where nothing else is said. */
  readonly workers?: number;
  /** More lines for the main context. */
  readonly main?: string;
  /** A folder of `makePrefix`; without it, one is made, and removed at the end. */
  readonly prefix?: string;
  /** False leaves `access_log off` out of `http { }`, which would end Sluice's own log, too. */
  readonly logOff?: boolean;
  /** False: with `logOff: false`, no other log than Sluice's is written. */
  readonly ownLog?: boolean;
};

export type Nginx = AsyncDisposable & {
  readonly binary: string;
  readonly prefix: string;
  /** The main file, for `-c`. */
  readonly config: string;
  readonly pidFile: string;
  /** The master's pid; changes with `start`. */
  readonly pid: number;
  /** Everything in the error log (level `notice`). */
  logs(): string;
  /** The pids of the master's children now. */
  workers(): readonly number[];
  /** `nginx -t`. */
  test(): Promise<{ readonly ok: boolean; readonly text: string }>;
  /** Puts other text into `http { }`; nothing is signalled. */
  write(http: string): void;
  /** HUP, and waits until other workers serve and every earlier one is gone or shutting down. */
  reload(): Promise<void>;
  /** Starts it again after `stop` or `kill`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL to the master and its workers: a crash. */
  kill(): Promise<void>;
};

const BINARY = "nginx";
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) for (const pid of [...childrenOf(child.pid ?? 0), child.pid ?? 0]) signal(pid, "SIGKILL");
});

/** A folder for one nginx, with all that it wants to write to. Paths below it hold only letters, digits, `/`, `_` and `-`. */
export function makePrefix(): string {
  const prefix = mkdtempSync(join(tmpdir(), "sluice-nginx-"));
  chmodSync(prefix, 0o755);
  mkdirSync(join(prefix, "temp"));
  return prefix;
}

export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const prefix = options.prefix ?? makePrefix();
  const paths = {
    prefix,
    config: join(prefix, "nginx.conf"),
    pidFile: join(prefix, "nginx.pid"),
    log: join(prefix, "error.log"),
  };
  const write = (http: string) => writeFileSync(paths.config, mainFile(paths, options, http));
  write(options.http);
  let child = await launch(paths);
  const end = async (how: NodeJS.Signals) => {
    const pids = childrenOf(child.pid ?? 0);
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill(how);
      await Promise.race([gone, wait(3_000, undefined, { ref: false })]);
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await gone;
    }
    for (const pid of pids) if (isNginx(pid)) signal(pid, "SIGKILL");
    running.delete(child);
  };
  return {
    binary: BINARY,
    ...paths,
    get pid() {
      return child.pid ?? 0;
    },
    logs: () => (existsSync(paths.log) ? readFileSync(paths.log, "utf8") : ""),
    workers: () => childrenOf(child.pid ?? 0),
    test: () => testConfig(prefix, paths.config),
    write,
    reload: () => reload(child.pid ?? 0, paths.log),
    start: async () => {
      child = await launch(paths);
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    async [Symbol.asyncDispose]() {
      await end("SIGTERM");
      if (options.prefix === undefined) rmSync(prefix, { recursive: true, force: true });
    },
  };
}

/** `nginx -t` of a main file: what it said, whatever it said. */
export async function testConfig(prefix: string, config: string): Promise<{ readonly ok: boolean; readonly text: string }> {
  const child = spawn(BINARY, ["-t", "-p", prefix, "-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { ok: code === 0, text };
}

/** Tests text for `http { }` in a prefix, without starting anything. */
export async function testHttp(prefix: string, http: string): Promise<{ readonly ok: boolean; readonly text: string }> {
  const config = join(prefix, "test.conf");
  const paths = { prefix, pidFile: join(prefix, "test.pid"), log: join(prefix, "test.log") };
  writeFileSync(config, mainFile(paths, {}, http));
  return testConfig(prefix, config);
}

/** Looks until `look` is true; fails with `what` after `limitMs`. Looks are 5 ms apart at first, and later 50 ms: each costs. */
export async function until(what: string, look: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const begin = performance.now();
  for (let pauseMs = 5; !(await look()); pauseMs = Math.min(50, pauseMs * 1.3)) {
    if (performance.now() > begin + limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await wait(pauseMs);
  }
}

function mainFile(
  paths: { readonly prefix: string; readonly pidFile: string; readonly log: string },
  options: { readonly workers?: number; readonly main?: string; readonly logOff?: boolean; readonly ownLog?: boolean },
  http: string,
): string {
  const temp = (name: string) => `${name}_temp_path ${join(paths.prefix, "temp", name)};`;
  return `daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes ${options.workers ?? 1};
pid ${paths.pidFile};
error_log ${paths.log} notice;
${options.main ?? ""}
events { worker_connections 1024; }
http {
  ${options.logOff === false ? (options.ownLog === false ? "" : `access_log ${join(paths.prefix, "access.log")};`) : "access_log off;"}
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(temp).join("\n  ")}
${http}
}
`;
}

async function launch(paths: {
  readonly prefix: string;
  readonly config: string;
  readonly pidFile: string;
}): Promise<ChildProcess> {
  const child = spawn(BINARY, ["-p", paths.prefix, "-c", paths.config], { stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    said += part;
  });
  let failed: Error | null = null;
  child.once("error", (error) => {
    failed = error;
  });
  const ended = () => failed !== null || child.exitCode !== null || child.signalCode !== null;
  await until("nginx starts", () => ended() || (pidIn(paths.pidFile) === child.pid && childrenOf(child.pid ?? 0).length > 0));
  if (ended()) {
    running.delete(child);
    throw failed ?? new Error(`nginx did not start:\n${said}`);
  }
  return child;
}

async function reload(master: number, log: string): Promise<void> {
  const before = childrenOf(master);
  const from = readFileSync(log, "utf8").length;
  signal(master, "SIGHUP");
  await until(
    "the new workers serve alone",
    () => {
      const said = readFileSync(log, "utf8").slice(from);
      const trouble = said.split("\n").find((line) => line.includes("[emerg]"));
      if (trouble !== undefined) throw new Error(`reload failed: ${trouble}`);
      const now = childrenOf(master);
      return (
        now.some((pid) => !before.includes(pid)) &&
        before.every((pid) => !now.includes(pid) || titleOf(pid).includes("shutting down"))
      );
    },
    10_000,
  );
}

function pidIn(file: string): number | null {
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : null;
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function isNginx(pid: number): boolean {
  return titleOf(pid).includes("nginx");
}

/** The process may have ended in the meantime, and that is as good. */
function signal(pid: number, how: NodeJS.Signals): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, how);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
