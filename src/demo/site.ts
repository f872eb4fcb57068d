import { formatDuration } from "../config/duration.ts";
import type { Ms } from "../core/units.ts";

/** Everything that the two configurations of the demo are written from. */
export type Site = {
  /** The demo's own folder; every path of both files lies in it. */
  readonly folder: string;
  /** Path of nginx. */
  readonly binary: string;
  readonly ports: { readonly web: number; readonly status: number; readonly api: number };
  readonly members: { readonly blue: readonly string[]; readonly green: readonly string[] };
  /** True where nginx is started by root, and would give its workers to a user who may not look into the folder. */
  readonly asRoot: boolean;
  /** Factor on every dwell: 1 for people. */
  readonly pace: number;
};

/** The configuration of Sluice. */
export function sluiceYaml({ binary, ports, members, pace }: Site): string {
  const windowMs = Math.max(500, Math.round(2_000 * pace));
  const check = `{ metric: errors, below: 5%, minRequests: ${Math.floor(windowMs / 100)} }`;
  const dwell = scaled(4_000, pace, 500);
  return `# Two pools of two members behind one nginx. It is all that the demo told Sluice.
api: { listen: 127.0.0.1:${ports.api} }
state: ./state
nginx:
  binary: ${JSON.stringify(binary)}
  config: ./nginx.conf
  pid: ./nginx.pid
  include: ./sluice
  tables: ./tables
  status: 127.0.0.1:${ports.status}
services:
  web:
    routing: live
    pools:
      blue:  { members: [${members.blue.join(", ")}] }
      green: { members: [${members.green.join(", ")}] }
    stable: blue
    health: { path: /healthz, interval: 500ms, passes: 1, fails: 2 }
    metrics:
      errors:
        source: scrape
        window: ${formatDuration(windowMs)}
        interval: ${scaled(250, pace, 100)}
        ratio: { of: 'http_requests_total{code=~"5.."}', to: http_requests_total }
      # Decides nothing here: with it, nginx writes down what each pool does, and the dashboard draws it.
      served: { source: nginx, measure: errors, window: ${formatDuration(windowMs)}, interval: ${scaled(1_000, pace, 250)} }
    canary:
      steps:
        - { share: 10%, for: ${dwell} }
        - { share: 25%, for: ${dwell} }
        - { share: 50%, for: ${dwell} }
        - { ramp: 100%, over: ${scaled(6_000, pace, 500)} }
      checks: [${check}]
    blueGreen:
      bake: ${dwell}
      checks: [${check}]
`;
}

function scaled(ms: Ms, pace: number, least: Ms): string {
  return formatDuration(Math.max(least, Math.round(ms * pace)));
}

/** An nginx.conf as a user would have it; the three includes of Sluice are the only lines that are about it. */
export function nginxConf({ folder, ports, asRoot }: Site): string {
  const at = (path: string) => JSON.stringify(`${folder}/${path}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
${asRoot ? "user root;\n" : ""}worker_processes 2;
pid ${at("nginx.pid")};
error_log ${at("error.log")} notice;
events { worker_connections 512; }
http {
${temporary.map((name) => `  ${name}_temp_path ${at(`temp/${name}`)};`).join("\n")}
  include ${at("sluice/current/*.http.conf")};
  server {
    listen 127.0.0.1:${ports.web};
    include ${at("sluice/current/web.server.conf")};
    location / {
      proxy_set_header Host $host;
      proxy_connect_timeout 500ms;
      proxy_redirect http://$web_pool/ /;
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries 2;
      proxy_next_upstream_timeout 3s;
      proxy_pass http://$web_pool;
    }
    include ${at("sluice/current/sluice.closing.conf")};
  }
}
`;
}
