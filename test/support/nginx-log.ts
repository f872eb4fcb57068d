import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../src/core/ports.ts";
import type { Route } from "../../src/core/route.ts";
import { type LogFile, NginxLog, type NginxLogDeps } from "../../src/metrics/nginx-log/log.ts";
import { poolOfBucket } from "../../src/nginx/bucket.ts";
import { logFile, logFolder } from "../../src/nginx/settings.ts";
import type { Site } from "../../src/nginx/site.ts";
import { WorkerDeaths } from "../../src/nginx/worker-deaths.ts";
import { makePrefix, type Nginx, startNginx } from "./nginx.ts";
import { freePort } from "./ports.ts";
import { siteIn, writeSet } from "./rendering.ts";

/** A real nginx that writes down the requests of `web`, where its route has a log. */
export type Logging = AsyncDisposable & {
  readonly nginx: Nginx;
  readonly site: Site;
  readonly url: string;
  readonly path: string;
  /** A reader of its log. */
  read(more?: Partial<NginxLogDeps>): NginxLog;
};

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** `location` stands inside `location / { }`, before the `proxy_pass`. */
export async function startLogging(
  route: Route,
  location: string,
  more: { workers?: number; http?: (prefix: string) => string; ownLog?: boolean } = {},
): Promise<Logging> {
  const prefix = makePrefix();
  const site = await siteIn(prefix);
  const port = await freePort();
  mkdirSync(logFolder(site.tables), { recursive: true });
  if (route.shape.routing === "live") {
    for (const name of ["empty", "all"]) mkdirSync(join(site.tables, name));
    for (let bucket = 0; bucket < 100; bucket += 1)
      mkdirSync(join(site.tables, "all", String(bucket).padStart(2, "0"), "00"), { recursive: true });
    symlinkSync("empty", join(site.tables, "web.green"));
  }
  writeSet(prefix, site, [route]);
  const live = route.shape.routing === "live";
  const http = `include ${prefix}/current/*.http.conf;
    ${more.http?.(prefix) ?? ""}
    server { listen 127.0.0.1:${port}; ${live ? `include ${prefix}/current/web.server.conf;` : ""}
      location / { ${location} proxy_set_header Host $host; proxy_pass http://${live ? "$web_pool" : "web"}; } }`;
  const nginx = await startNginx({
    prefix,
    http,
    workers: more.workers ?? 2,
    logOff: route.shape.log === undefined,
    ownLog: more.ownLog ?? true,
  });
  const path = logFile(site.tables);
  const reopen = async () => {
    process.kill(nginx.pid, "SIGUSR1");
    return null;
  };
  const deaths = new WorkerDeaths({ by: "local", binary: nginx.binary, config: nginx.config, pid: nginx.pidFile });
  const files: readonly LogFile[] = [{ target: "local", path, reopen, deaths: () => deaths.count() }];
  return {
    nginx,
    site,
    url: `http://127.0.0.1:${port}/`,
    path,
    read: (deps = {}) => {
      const log = new NginxLog({ files, log: SILENT, wall: () => Date.now(), poolOfUnder: poolOfBucket, ...deps });
      log.know("local", [route]);
      return log;
    },
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      rmSync(prefix, { recursive: true, force: true });
    },
  };
}
