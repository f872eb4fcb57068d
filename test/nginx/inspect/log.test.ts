import { describe, expect, test } from "vitest";
import type { NginxMetric } from "../../../src/core/service.ts";
import { inspectText, serviceOf } from "../../support/inspected.ts";

const ERRORS: NginxMetric = {
  name: "errors",
  source: "nginx",
  measure: "errors",
  sample: 10_000,
  intervalMs: 1_000,
  timeoutMs: 1_000,
  windowMs: 30_000,
};

/** The codes of this rule, for a server with lines at three levels. */
function look(lines: { http?: string; server?: string; location?: string }, judged = true) {
  const service = serviceOf(judged ? { metrics: { errors: ERRORS } } : {});
  const found = inspectText(
    `events {}
http {
  ${lines.http ?? ""}
  include /srv/edge/sluice/current/*.http.conf;
  server {
    listen 127.0.0.1:8080;
    ${lines.server ?? ""}
    include /srv/edge/sluice/current/web.server.conf;
    location /other { access_log /var/log/other.log; return 204; }
    location / {
      ${lines.location ?? ""}
      proxy_pass http://$web_pool;
    }
  }
}`,
    { services: [service] },
  );
  return { found, codes: found.codes.filter((code) => code.startsWith("log-")) };
}

describe("a service that is judged by nginx's log", () => {
  test("is written down beside the user's own log of the http block, and beside logs of other locations", () => {
    expect(look({ http: "access_log /var/log/nginx/access.log;" }).codes).toEqual([]);
  });

  test.each([
    ["the server", { server: "access_log /var/log/web.log combined;" }],
    ["the location", { location: "access_log /var/log/web.log combined;" }],
  ])("is not where %s has a log of its own", (_, lines) => {
    const { found, codes } = look(lines);
    expect(codes).toEqual(["log-ended"]);
    expect(found.the("log-ended")).toMatchObject({ severity: "error", service: "web", line: found.line("/var/log/web.log") });
    expect(found.the("log-ended").fix).toContain("into the http block");
  });

  test("is not where logging is off, in the location or for all", () => {
    expect(look({ location: "access_log off;" }).codes).toEqual(["log-ended"]);
    const { found } = look({ http: "access_log off;" });
    expect(found.the("log-off")).toMatchObject({ severity: "error", line: found.line("access_log off") });
  });

  test("is the only one that this matters to", () => {
    expect(look({ http: "access_log off;", server: "access_log off;", location: "access_log off;" }, false).codes).toEqual([]);
  });
});
