// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of nginx.
import { describe, expect, test } from "vitest";
import { GOOD, inspectHttp, type Paths, serviceOf } from "../../support/inspected.ts";

/** A server in the server form, with these lines in its location. */
function server(paths: Paths, lines: string, level = ""): string {
  return `
    include ${paths.current}/*.http.conf;
    server {
      listen 127.0.0.1:${paths.port};
      include ${paths.current}/web.server.conf;
      ${level}
      location / {
        ${lines}
      }
      include ${paths.current}/sluice.closing.conf;
    }`;
}

const without = (name: string) =>
  GOOD.split("\n")
    .filter((line) => !line.startsWith(name))
    .join("\n");

describe("the location that passes requests on", () => {
  test.each([
    ["http://$web_pool/", true],
    ["http://$web_pool/api/", true],
    ["http://${web_pool}/", true],
    ["https://$web_pool", false],
    ["http://$web_pool$request_uri", false],
    ["http://$web_pool/app$request_uri", false],
  ])("proxy_pass %s: every path would be the same: %s", async (target, wrong) => {
    const found = await inspectHttp((paths) => server(paths, `proxy_pass ${target};\n${GOOD}`));
    expect(found.codes).toEqual(wrong ? ["proxy-pass-uri"] : []);
    if (wrong) expect(found.the("proxy-pass-uri")).toMatchObject({ severity: "error", line: found.line("proxy_pass http") });
  });

  test("must set Host, also where own headers end what http set", async () => {
    const none = await inspectHttp((paths) => server(paths, `proxy_pass http://$web_pool;\n${without("proxy_set_header")}`));
    expect(none.the("proxy-host-missing")).toMatchObject({ severity: "error", service: "web" });
    expect(none.codes).toEqual(["proxy-host-missing"]);

    const lost = await inspectHttp((paths) =>
      server(
        paths,
        `proxy_pass http://$web_pool;\n${without("proxy_set_header")}\nproxy_set_header X-A 1;`,
        "proxy_set_header Host $host;",
      ),
    );
    expect(lost.the("proxy-host-missing").message).toContain(`:${lost.line("X-A")} replace all`);

    const inherited = await inspectHttp((paths) =>
      server(paths, `proxy_pass http://$web_pool;\n${without("proxy_set_header")}`, "proxy_set_header Host $host;"),
    );
    expect(inherited.codes).toEqual([]);

    const named = await inspectHttp((paths) =>
      server(paths, `proxy_pass http://$web_pool;\n${GOOD.replace("$host", "$proxy_host")}`),
    );
    expect(named.codes).toEqual(["proxy-host-missing"]);
  });

  test("must set proxy_redirect: an error where members learn the pool's name, else a warning", async () => {
    const found = await inspectHttp((paths) => server(paths, `proxy_pass http://$web_pool;\n${without("proxy_redirect")}`));
    expect(found.the("proxy-redirect-missing").severity).toBe("warning");
    const leaking = await inspectHttp((paths) =>
      server(paths, `proxy_pass http://$web_pool;\n${without("proxy_redirect").replace("proxy_set_header Host $host;", "")}`),
    );
    expect(leaking.the("proxy-redirect-missing").severity).toBe("error");
    const off = await inspectHttp((paths) =>
      server(paths, `proxy_pass http://$web_pool;\n${without("proxy_redirect")}\nproxy_redirect off;`),
    );
    expect(off.codes).toEqual([]);
  });

  test.each([
    ["", true],
    ["proxy_connect_timeout 60s;", true],
    ["proxy_connect_timeout 5001ms;", true],
    ["proxy_connect_timeout 5s;", false],
    ["proxy_connect_timeout 300ms;", false],
  ])("proxy_connect_timeout as %j holds requests to a black hole: %s", async (line, found) => {
    const inspected = await inspectHttp((paths) =>
      server(paths, `proxy_pass http://$web_pool;\n${without("proxy_connect")}\n${line}`),
    );
    expect(inspected.codes).toEqual(found ? ["connect-timeout-long"] : []);
  });

  test("proxy_next_upstream that hides failures is named where it stands, also in http", async () => {
    const found = await inspectHttp(
      (paths) =>
        `proxy_next_upstream error http_502 http_500 non_idempotent;\n${server(paths, `proxy_pass http://$web_pool;\n${GOOD}`)}`,
    );
    const finding = found.the("next-upstream-hides-failures");
    expect(finding).toMatchObject({ severity: "warning", line: found.line("non_idempotent") });
    expect(finding.message).toContain("http_502 and http_500 and non_idempotent");
    const fine = await inspectHttp((paths) =>
      server(paths, `proxy_pass http://$web_pool;\n${GOOD}\nproxy_next_upstream error timeout invalid_header;`),
    );
    expect(fine.codes).toEqual([]);
  });

  test("unbounded retries are named with what is missing, and not for a pool of one", async () => {
    const found = await inspectHttp((paths) =>
      server(paths, `proxy_pass http://$web_pool;\n${without("proxy_next_upstream_tries")}`),
    );
    expect(found.the("retries-unbounded").fix).toBe("Add to the location:\n    proxy_next_upstream_tries 2;");
    const single = serviceOf({ pools: { blue: { members: ["127.0.0.1:8001"] }, green: { members: ["127.0.0.1:8003"] } } });
    const one = await inspectHttp(
      (paths) => server(paths, `proxy_pass http://$web_pool;\n${without("proxy_next_upstream_tries")}`),
      { services: [single] },
    );
    expect(one.codes).toEqual([]);
  });

  test("a pool or a member that is named past Sluice is told", async () => {
    const found = await inspectHttp((paths) =>
      server(
        paths,
        `proxy_pass http://$web_pool;\n${GOOD}`,
        "location /blue { proxy_pass http://web_blue; }\nlocation /one { proxy_pass http://127.0.0.1:8003/x; }",
      ),
    );
    expect(found.the("pool-named-directly")).toMatchObject({ severity: "warning", line: found.line("location /blue") });
    expect(found.the("member-bypasses")).toMatchObject({ severity: "info", line: found.line("location /one") });
  });

  test("max_fails above 0 is told with what it would do to the shares", async () => {
    const failing = serviceOf({ tries: { maxFails: 1, failTimeoutMs: 10_000, keepalive: 0 } });
    const found = await inspectHttp((paths) => server(paths, `proxy_pass http://$web_pool;\n${GOOD}`), { services: [failing] });
    expect(found.the("max-fails")).toMatchObject({ severity: "warning", service: "web" });
  });

  test("idle connections that the location does not use are told", async () => {
    const kept = serviceOf({ tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 8 } });
    const lines = `proxy_pass http://$web_pool;\n${GOOD}`;
    const unused = await inspectHttp((paths) => server(paths, lines), { services: [kept] });
    expect(unused.codes).toEqual(["keepalive-unused"]);
    const used = await inspectHttp(
      (paths) => server(paths, `${lines}\nproxy_http_version 1.1;\nproxy_set_header Connection "";`),
      {
        services: [kept],
      },
    );
    expect(used.codes).toEqual([]);
  });

  test("many upstreams are told with the server form only", async () => {
    const many = Array.from({ length: 520 }, (_, at) => `upstream u${at} { server 127.0.0.1:9; }`).join("\n");
    const found = await inspectHttp((paths) => `${many}\n${server(paths, `proxy_pass http://$web_pool;\n${GOOD}`)}`);
    expect(found.codes).toEqual(["many-upstreams"]);
  });

  test("backup members in an upstream of the user's own template need enough tries", async () => {
    const weighted = serviceOf({ routing: "weighted" });
    const found = await inspectHttp(
      ({ port }) => `
        upstream web { server 127.0.0.1:8001; server 127.0.0.1:8002; server 127.0.0.1:8003 backup; }
        server { listen 127.0.0.1:${port}; location / { proxy_pass http://web; proxy_next_upstream_tries 2; } }`,
      { services: [weighted] },
    );
    expect(found.the("backup-tries")).toMatchObject({ severity: "warning", line: found.line("proxy_pass http://web;") });
    expect(found.the("backup-tries").fix).toContain("proxy_next_upstream_tries 3;");
  });
});
