import { describe, expect, test } from "vitest";
import { GOOD, inspectHttp, inspectText, ROOT, serviceOf } from "../../support/inspected.ts";

const weighted = { services: [serviceOf({ routing: "weighted" })] };

describe("the include in http", () => {
  test("is missed with the line to add, behind what nginx wants before any map", async () => {
    const found = await inspectHttp(
      ({ port }) => `
        map_hash_bucket_size 128;
        upstream web { server 127.0.0.1:8001; }
        server { listen 127.0.0.1:${port}; location / { proxy_pass http://web; } }`,
      weighted,
    );
    const finding = found.the("http-include-missing");
    expect(finding.severity).toBe("error");
    expect(finding.fix).toBe(
      `Add to ${ROOT}/test.conf after line ${found.line("map_hash")}:\n    include ${ROOT}/sluice/current/*.http.conf;`,
    );
  });

  test("twice is named at the second place, and the first is told", () => {
    const found = inspectText("http {\n include sluice/current/*.http.conf;\n server {}\n include sluice/current/*.conf;\n}");
    expect(found.the("http-include-twice")).toMatchObject({ line: 4, severity: "error" });
    expect(found.the("http-include-twice").message).toContain(`${ROOT}/nginx.conf:2`);
    expect(found.the("include-too-wide").line).toBe(4);
  });

  test("outside of http is named with its context", () => {
    const found = inspectText("http {\n server {\n  include sluice/current/*.http.conf;\n }\n}");
    expect(found.the("http-include-misplaced")).toMatchObject({ line: 3, severity: "error" });
    expect(found.the("http-include-misplaced").message).toContain("stands in server");
    expect(found.codes).toContain("http-include-missing");
  });

  test("of single files counts where every service has its own", async () => {
    const both = [serviceOf({ name: "a", routing: "weighted" }), serviceOf({ name: "b", routing: "weighted" })];
    const found = await inspectHttp(
      ({ current, port }) => `
        include ${current}/00-sluice.http.conf;
        include ${current}/a.http.conf;
        server { listen 127.0.0.1:${port}; location /a { proxy_pass http://a; } }`,
      { services: both },
    );
    expect(found.the("http-include-incomplete").service).toBe("b");
    expect(found.codes).not.toContain("http-include-twice");
  });

  test("a configuration without http at all says so", () => {
    expect(inspectText("events {}\n").the("http-missing").fix).toContain("*.http.conf;");
  });
});

describe("a service of weights", () => {
  const location =
    (pass: string) =>
    ({ current, port }: { current: string; port: number }) =>
      `
    include ${current}/*.http.conf;
    server {
      listen 127.0.0.1:${port};
      location / { proxy_pass ${pass}; ${GOOD.replace("proxy_redirect http://$web_pool/ /;", "")} }
      include ${current}/sluice.closing.conf;
    }`;

  test("is served by proxy_pass http://web, also with a path and an own Host", async () => {
    expect((await inspectHttp(location("http://web"), weighted)).findings).toEqual([]);
    expect((await inspectHttp(location("http://web/app/"), weighted)).findings).toEqual([]);
  });

  test("that no location names is an error, with the line to write", async () => {
    const found = await inspectHttp(location("http://127.0.0.1:9"), weighted);
    expect(found.the("service-not-routed")).toMatchObject({ severity: "error", service: "web" });
    expect(found.the("service-not-routed").fix).toContain("proxy_pass http://web;");
  });

  test("collides with an upstream of the user's of the same name, which nginx refuses", () => {
    const found = inspectText(
      "http {\n include sluice/current/*.http.conf;\n upstream WEB {\n  server 127.0.0.1:8001;\n  server 127.0.0.1:8002;\n }\n server { location / { proxy_pass http://web; } }\n}",
      weighted,
    );
    const finding = found.the("upstream-collision");
    expect(finding).toMatchObject({ severity: "error", line: 3 });
    expect(finding.fix).toContain("lines 3 to 6");
    expect(finding.fix).toContain("127.0.0.1:8001, 127.0.0.1:8002");
  });
});
