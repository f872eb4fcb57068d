import { describe, expect, test } from "vitest";
import { GOOD, inspectHttp, inspectText, ROOT, serviceOf } from "../../support/inspected.ts";

describe("the server form", () => {
  test("with everything as it should be, nothing is found", async () => {
    const found = await inspectHttp(
      ({ current, port }) => `
        include ${current}/*.http.conf;
        server {
          listen 127.0.0.1:${port};
          include ${current}/web.server.conf;
          location / {
            proxy_pass http://$web_pool;
            ${GOOD}
          }
          include ${current}/sluice.closing.conf;
        }`,
    );
    expect(found.findings).toEqual([]);
  });

  test("a server without the include is named with the line to add, where another server has it", async () => {
    const found = await inspectHttp(
      ({ current, port }) => `
        include ${current}/*.http.conf;
        server {
          listen 127.0.0.1:${port};
          server_name a.test;
          include ${current}/web.server.conf;
          location / { proxy_pass http://$web_pool; ${GOOD} }
        }
        server {   # second
          listen 127.0.0.1:${port};
          server_name b.test;
          location /b { proxy_pass http://$web_pool; }
        }`,
    );
    const finding = found.the("server-include-missing");
    expect(finding).toMatchObject({
      severity: "error",
      service: "web",
      file: `${ROOT}/test.conf`,
      line: found.line("location /b"),
    });
    expect(finding.message).toContain("every request would be 500");
    expect(finding.fix).toContain(`after line ${found.line("# second")}:\n    include ${ROOT}/sluice/current/web.server.conf;`);
  });

  test.each(["rewrite ^/old/(.*)$ /new/$1 last;", "rewrite ^/old/(.*)$ /new/$1 break;", "break;", "if ($host = x) { break; }"])(
    "an earlier server-level `%s` is an error at the include",
    async (rewrite) => {
      const found = await inspectHttp(
        ({ current, port }) => `
          include ${current}/*.http.conf;
          server {
            listen 127.0.0.1:${port};
            ${rewrite}
            include ${current}/web.server.conf;
            location / { proxy_pass http://$web_pool; ${GOOD} }
            include ${current}/sluice.closing.conf;
          }`,
      );
      const finding = found.the("server-include-not-first");
      expect(finding).toMatchObject({ severity: "error", line: found.line("web.server.conf") });
      expect(finding.message).toContain(`:${found.line(rewrite)} `);
      expect(finding.fix).toContain("web.server.conf;");
      expect(found.codes).toEqual(["server-include-not-first"]);
    },
  );

  test("the same rewrite behind the include is fine", async () => {
    const found = await inspectHttp(
      ({ current, port }) => `
        include ${current}/*.http.conf;
        server {
          listen 127.0.0.1:${port};
          set $mine 1;
          include ${current}/web.server.conf;
          rewrite ^/old/(.*)$ /new/$1 last;
          location / { proxy_pass http://$web_pool; ${GOOD} }
          include ${current}/sluice.closing.conf;
        }`,
    );
    expect(found.codes).toEqual([]);
  });

  test("an earlier return is only a warning, because nginx answers what it matches", async () => {
    const found = await inspectHttp(
      ({ current, port }) => `
        include ${current}/*.http.conf;
        server {
          listen 127.0.0.1:${port};
          if ($http_x_bad) { return 403; }
          include ${current}/web.server.conf;
          location / { proxy_pass http://$web_pool; ${GOOD} }
          include ${current}/sluice.closing.conf;
        }`,
    );
    expect(found.the("server-include-after-return").severity).toBe("warning");
  });

  test("an include inside a location, a second one, and one that nothing uses are named", async () => {
    const inLocation = await inspectHttp(
      ({ current, port }) => `
        include ${current}/*.http.conf;
        server {
          listen 127.0.0.1:${port};
          location / {
            include ${current}/web.server.conf;
            proxy_pass http://$web_pool;
          }
        }`,
    );
    expect(inLocation.the("server-include-misplaced").line).toBe(inLocation.line("web.server.conf"));

    const twice = await inspectHttp(
      ({ current, port }) => `
        include ${current}/*.http.conf;
        server {
          listen 127.0.0.1:${port};
          include ${current}/web.server.conf;
          include ${current}/web.server.conf;   # again
          location / { root /srv; }
        }`,
    );
    expect(twice.the("server-include-twice").line).toBe(twice.line("# again"));
    expect(twice.the("server-include-unused").severity).toBe("warning");
    expect(twice.the("service-not-routed").severity).toBe("error");
  });

  test("an include of a service that is gone leads to its stub, or keeps nginx from starting", async () => {
    const http = (current: string) => `
      server {
        include ${current}/old.server.conf;
        location / { proxy_pass http://$old_pool; }
      }`;
    const stubbed = await inspectHttp(
      ({ current, port }) =>
        `include ${current}/*.http.conf;${http(current).replace("server {", `server { listen 127.0.0.1:${port};`)}`,
      {
        services: [],
        stubs: [{ service: "old", routing: "live" }],
      },
    );
    expect(stubbed.the("include-of-unknown-service")).toMatchObject({ severity: "warning", service: "old" });

    const gone = inspectText(`http {\n include sluice/current/*.http.conf;\n${http("sluice/current")}\n}`, { services: [] });
    expect(gone.the("include-of-unknown-service").severity).toBe("error");
    expect(gone.the("not-rendered").fix).toContain("sluice render --write");
  });

  test("an include for a service that is routed by weights is named, with what to write instead", () => {
    const found = inspectText(
      `http {\n include sluice/current/*.http.conf;\n server {\n include sluice/current/web.server.conf;\n }\n}`,
      {
        services: [serviceOf({ routing: "weighted" })],
      },
    );
    expect(found.the("include-of-weighted-service").fix).toContain("proxy_pass http://web;");
  });
});
