import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePrefix, type Nginx, startNginx } from "../test/support/nginx.ts";
import { freePort } from "../test/support/ports.ts";
import type { Backends } from "./backends.ts";
import { sluice } from "./controller.ts";

/** An nginx that a controller drives, with its sluice.yaml; the first set is rendered, the controller does not run yet. */
export type Edge = AsyncDisposable & {
  readonly prefix: string;
  readonly nginx: Nginx;
  /** Where clients go. */
  readonly port: number;
  readonly apiPort: number;
};

export type EdgeOptions = {
  readonly backends: Backends;
  readonly routing: "live" | "weighted";
  /** Services beside `web`, all alike. */
  readonly more?: number;
  /** Judged by nginx's log, compared with stable. */
  readonly judged?: boolean;
};

export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const prefix = makePrefix();
  const [port, apiPort, status] = [await freePort(), await freePort(), await freePort()];
  writeFileSync(join(prefix, "sluice.yaml"), yaml(apiPort, status, options));
  await sluice("render", "--write", "--config", join(prefix, "sluice.yaml"));
  const nginx = await startNginx({
    prefix,
    workers: 2,
    http: serverBlock(prefix, port, options.routing),
    logOff: options.judged !== true,
    ownLog: false,
  });
  return {
    prefix,
    nginx,
    port,
    apiPort,
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      rmSync(prefix, { recursive: true, force: true });
    },
  };
}

/** A canary in steps of 5 % less one basis point: of all shares, their tables take the most work to build. */
const STEPS = Array.from({ length: 20 }, (_, index) => `{ share: ${(index * 5 + 4.99).toFixed(2)}%, until: approved }`);

function yaml(apiPort: number, status: number, { backends, routing, more = 0, judged = false }: EdgeOptions): string {
  const service = (name: string) => `  ${name}:
    routing: ${routing}
    pools: { blue: { members: [${backends.blue}] }, green: { members: [${backends.green}] } }
    stable: blue
    tries: { keepalive: 32 }
    blueGreen: { bake: 10m }
`;
  const others = Array.from({ length: more }, (_, index) => service(`s${String(index).padStart(4, "0")}`));
  return `api: { listen: 127.0.0.1:${apiPort} }
state: ./state
nginx: { config: ./nginx.conf, pid: ./nginx.pid, include: ./sluice, tables: ./tables, status: 127.0.0.1:${status} }
services:
${others.join("")}${service("web")}    ${judged ? "metrics: { served: { source: nginx, measure: errors }, slow: { source: nginx, measure: latency } }" : ""}
    canary: { steps: [${STEPS.join(", ")}]${judged ? ", checks: [{ metric: served, compare: stable }, { metric: slow, compare: stable }]" : ""} }
`;
}

function serverBlock(prefix: string, port: number, routing: "live" | "weighted"): string {
  const current = join(prefix, "sluice/current");
  const live = routing === "live";
  return `include ${current}/*.http.conf;
server {
  listen 127.0.0.1:${port} backlog=4096;
  keepalive_requests 1000000000;
  ${live ? `include ${current}/web.server.conf;` : ""}
  location / {
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_pass http://${live ? "$web_pool" : "web"};
  }
}`;
}
