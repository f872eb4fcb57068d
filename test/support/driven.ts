import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../src/core/ports.ts";
import type { Report, Route } from "../../src/core/route.ts";
import { writeFirst } from "../../src/nginx/first.ts";
import type { TargetSettings } from "../../src/nginx/settings.ts";
import { openTarget } from "../../src/nginx/target.ts";
import type { Templates } from "../../src/nginx/template.ts";
import { makePrefix, type Nginx, startNginx, until } from "./nginx.ts";
import { freePort } from "./ports.ts";
import { TEMPLATES } from "./rendering.ts";

/** A line that the target logged. */
export type Logged = { readonly level: string; readonly text: string; readonly fields: unknown };

/** A real nginx with Sluice's files included, and a target that drives it. */
export type Driven = AsyncDisposable & {
  readonly prefix: string;
  readonly nginx: Nginx;
  readonly settings: TargetSettings;
  /** Where the user's server listens. */
  readonly url: string;
  readonly logged: readonly Logged[];
  /** All reports, oldest first. */
  readonly reports: readonly Report[];
  /** The newest report; throws before the first. */
  report(): Report;
  want(routes: readonly Route[]): void;
  /** Waits until a report satisfies `look`. */
  reported(what: string, look: (report: Report) => boolean, limitMs?: number): Promise<Report>;
  /** Waits until the newest version of each of these routes is served. */
  applied(routes: readonly Route[], limitMs?: number): Promise<Report>;
  /** Ends the target, as a crash would; nginx goes on. */
  close(): Promise<void>;
  /** Opens a new target on the same folders, which wants nothing yet. */
  open(more?: Partial<TargetSettings>): Promise<void>;
};

export type DrivenOptions = {
  /** The first set is written from them. */
  readonly routes: readonly Route[];
  /** Inside the user's `server { }`; `include NAME` is completed to the folder of the files. */
  readonly server: string;
  /** More text inside `http { }`. */
  readonly http?: (ports: { readonly url: string }) => string;
  readonly workers?: number;
  readonly main?: string;
  readonly settings?: Partial<TargetSettings>;
  /** Sluice's own where nothing else is said. */
  readonly templates?: Templates;
  /** The target's clock, in milliseconds: a slow one makes the machine look fast. */
  readonly monotonic?: () => number;
  /** False: nginx is not started; `nginx.start()` does. */
  readonly wants?: boolean;
};

export async function drive(options: DrivenOptions): Promise<Driven> {
  const prefix = makePrefix();
  const port = await freePort();
  const include = join(prefix, "sluice");
  mkdirSync(include);
  const settings: TargetSettings = {
    name: "local",
    drive: {
      by: "local",
      binary: "nginx",
      config: join(prefix, "nginx.conf"),
      pid: join(prefix, "nginx.pid"),
    },
    include,
    tables: join(prefix, "tables"),
    status: `127.0.0.1:${await freePort()}`,
    closingMs: 0,
    deadlineMs: 10_000,
    ...options.settings,
  };
  const templates = options.templates ?? TEMPLATES;
  await writeFirst(settings, templates, options.routes);
  const url = `http://127.0.0.1:${port}`;
  const server = options.server.replaceAll(/include (\S+\.conf);/g, `include ${include}/current/$1;`);
  const nginx = await startNginx({
    prefix,
    http: `include ${include}/current/*.http.conf;\n${options.http?.({ url }) ?? ""}\nserver { listen 127.0.0.1:${port};\n${server}\n}`,
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    ...(options.main === undefined ? {} : { main: options.main }),
  });
  const logged: Logged[] = [];
  const reports: Report[] = [];
  const line = (level: string) => (text: string, fields?: unknown) => void logged.push({ level, text, fields });
  const log: Log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  let target: Awaited<ReturnType<typeof openTarget>> | null = null;
  const open = async (more: Partial<TargetSettings> = {}) => {
    target = await openTarget(
      { ...settings, ...more },
      { templates, log, monotonic: options.monotonic ?? (() => performance.now()), wall: () => Date.now() },
    );
    target.onReport((report) => reports.push(report));
  };
  const close = async () => {
    await target?.[Symbol.asyncDispose]();
    target = null;
  };
  const report = () => {
    const last = reports.at(-1);
    if (last === undefined) throw new Error("no report yet");
    return last;
  };
  const reported = async (what: string, look: (one: Report) => boolean, limitMs = 30_000) => {
    await until(what, () => reports.length > 0 && look(report()), limitMs).catch((error: Error) => {
      throw new Error(
        `${error.message}\nlast report: ${JSON.stringify(reports.at(-1))}\nlog: ${JSON.stringify(logged.slice(-5))}`,
      );
    });
    return report();
  };
  await open();
  return {
    prefix,
    nginx,
    settings,
    url,
    logged,
    reports,
    report,
    want: (routes) => target?.want(routes),
    reported,
    applied: (routes, limitMs) =>
      reported(
        "all routes are served",
        (one) =>
          routes.every(
            (route) => one.services[route.service]?.version === route.version && one.services[route.service]?.refused === null,
          ),
        limitMs,
      ),
    close,
    open,
    async [Symbol.asyncDispose]() {
      await close();
      await nginx[Symbol.asyncDispose]();
      rmSync(prefix, { recursive: true, force: true });
    },
  };
}
