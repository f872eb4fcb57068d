import { describe, expect, test } from "vitest";
import { GOOD, inspectHttp, inspectText, type Paths, ROOT } from "../../support/inspected.ts";
import { DEBIAN } from "../../support/rendering.ts";

const NEWER = { ...DEBIAN, version: "1.28.3", keepaliveMinTimeout: true };

/** A good server with these lines before and behind the closing include. */
function server(paths: Paths, { before = "", after = "", listen = "", http = "", closing = true }): string {
  return `
    ${http}
    include ${paths.current}/*.http.conf;
    server {
      listen 127.0.0.1:${paths.port}${listen};
      include ${paths.current}/web.server.conf;
      location / {
        proxy_pass http://$web_pool;
        ${GOOD}
      }
      ${before}
      ${closing ? `include ${paths.current}/sluice.closing.conf;` : ""}
      ${after}
    }   # end`;
}

describe("the closing include", () => {
  test("that is absent is a warning, with the last line of the server to add it behind", async () => {
    const found = await inspectHttp((paths) => server(paths, { closing: false }));
    const finding = found.the("closing-include-missing");
    expect(finding).toMatchObject({ severity: "warning", line: found.line("server {") });
    expect(finding.fix).toBe(
      `Add to ${ROOT}/test.conf after line ${found.line("# end") - 1}:\n    include ${ROOT}/sluice/current/sluice.closing.conf;`,
    );
    expect(finding.message).toContain("1.22.1");
  });

  test.each([
    ["an internal location", "closing-internal-location", "location /private { internal; root /srv; }"],
    ["an internal location in a location", "closing-internal-location", "location /a { location /a/b { internal; } }"],
    ["an error_page of its own", "closing-error-page", "error_page 404 /404.html;"],
  ])("is refused with %s", async (_, code, before) => {
    const found = await inspectHttp((paths) => server(paths, { before }));
    expect(found.codes).toEqual([code]);
    expect(found.the(code)).toMatchObject({ severity: "error", line: found.line("sluice.closing.conf") });
    expect(found.the(code).message).toContain(`:${found.line(before)} `);
    const absent = await inspectHttp((paths) => server(paths, { before, closing: false }));
    expect(absent.the("closing-include-missing").fix).toContain("cannot be included");
  });

  test("is refused where http has error pages, which it would take from the server", async () => {
    const found = await inspectHttp((paths) => server(paths, { http: "error_page 502 /sorry.html;" }));
    expect(found.the("closing-error-page").message).toContain("inherited from http");
  });

  test("an error_page in a location is none of its business", async () => {
    const found = await inspectHttp((paths) => server(paths, { before: "location /x { error_page 404 /y; }" }));
    expect(found.codes).toEqual([]);
  });

  test("must be last: an error where rewrites would be skipped, else a warning", async () => {
    const rewriting = await inspectHttp((paths) => server(paths, { after: "if ($http_x_bad) { return 403; }" }));
    expect(rewriting.the("closing-not-last")).toMatchObject({ severity: "error", line: rewriting.line("sluice.closing.conf") });
    const harmless = await inspectHttp((paths) => server(paths, { after: "location /x { return 204; }" }));
    expect(harmless.the("closing-not-last").severity).toBe("warning");
  });

  test("costs that TLS and HTTP/2 bring are told", async () => {
    const found = await inspectHttp((paths) => server(paths, { listen: " http2" }));
    expect(found.the("closing-http2").severity).toBe("info");
    expect(found.codes).toEqual(["closing-http2"]);
  });

  test("a handshake for each request is told where the server speaks TLS", () => {
    const server = (listen: string) =>
      inspectText(`http {\n server {\n listen ${listen};\n include sluice/current/sluice.closing.conf;\n }\n}`).codes;
    expect(server("443 ssl")).toContain("closing-tls-cost");
    expect(server("80")).not.toContain("closing-tls-cost");
  });

  test("from 1.27.4 on, beside a keepalive_min_timeout of the user's, it is unnecessary, or a duplicate that nginx refuses", () => {
    const closing = "include sluice/current/sluice.closing.conf;";
    const capabilities = NEWER;
    const http = inspectText(`http {\n keepalive_min_timeout 1s;\n server {\n ${closing}\n }\n}`, { capabilities });
    expect(http.the("closing-unnecessary")).toMatchObject({ severity: "info", line: 4 });
    const same = inspectText(`http {\n server {\n keepalive_min_timeout 1s;\n ${closing}\n }\n}`, { capabilities });
    expect(same.the("closing-unnecessary").severity).toBe("error");
  });

  test("twice, or in a location, it is refused by nginx and named", () => {
    const closing = "include sluice/current/sluice.closing.conf;";
    const found = inspectText(`http {\n server {\n location / {\n ${closing}\n }\n ${closing}\n ${closing}\n }\n}`);
    expect(found.the("closing-misplaced").line).toBe(4);
    expect(found.the("closing-twice").line).toBe(7);
  });

  test("from 1.27.4 on it may stand beside internal locations, and can be replaced by keepalive_min_timeout", async () => {
    const fine = await inspectHttp((paths) => server(paths, { before: "location /private { internal; }" }), {
      capabilities: NEWER,
    });
    expect(fine.codes).toEqual([]);
    const absent = await inspectHttp((paths) => server(paths, { closing: false }), { capabilities: NEWER });
    expect(absent.the("closing-include-missing").message).toContain("keepalive_min_timeout");
  });
});
