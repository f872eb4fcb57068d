import { join } from "node:path";

/** What a user writes for the service `web`: the server form, or one weighted upstream. */
export function serverBlock(prefix: string, port: number, routing: "live" | "weighted", retries: string): string {
  const current = join(prefix, "sluice/current");
  const live = routing === "live";
  return `  include ${current}/*.http.conf;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    ${live ? `include ${current}/web.server.conf;` : ""}
    location / {
      proxy_set_header Host $host;
      proxy_connect_timeout 500ms;
      ${live ? "proxy_redirect http://$web_pool/ /;" : ""}
      proxy_next_upstream ${retries};
      proxy_next_upstream_tries 2;
      proxy_pass http://${live ? "$web_pool" : "web"};
    }
    include ${current}/sluice.closing.conf;
  }`;
}
