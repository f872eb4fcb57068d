import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeFinding } from "../../../src/nginx/inspect/finding.ts";
import { folderFindings, workerUser } from "../../../src/nginx/inspect/folders.ts";
import { inspectNginx } from "../../../src/nginx/inspect/inspect.ts";
import { parseTime } from "../../../src/nginx/inspect/time.ts";
import { GOOD, inspectHttp, inspectText, type Paths, serviceOf } from "../../support/inspected.ts";
import { makePrefix, testHttp } from "../../support/nginx.ts";
import { DEBIAN } from "../../support/rendering.ts";

function server(paths: Paths, { http = "", level = "", inside = "" }): string {
  return `
    ${http}
    include ${paths.current}/*.http.conf;
    server {
      listen 127.0.0.1:${paths.port};
      include ${paths.current}/web.server.conf;
      ${level}
      location / {
        proxy_pass http://$web_pool;
        ${GOOD}
        ${inside}
      }
      include ${paths.current}/sluice.closing.conf;
    }`;
}

describe("what nginx sees of the tables", () => {
  test.each([
    ["open_file_cache max=100 inactive=20s;", "open-file-cache", "open_file_cache off;"],
    ["disable_symlinks on;", "disable-symlinks", "disable_symlinks off;"],
    ["disable_symlinks if_not_owner;", "disable-symlinks", "disable_symlinks off;"],
  ])("%s is an error in http and in the server", async (setting, code, off) => {
    const http = await inspectHttp((paths) => server(paths, { http: setting }));
    expect(http.the(code)).toMatchObject({ severity: "error", line: http.line(setting) });
    expect(http.the(code).fix).toMatch(new RegExp(`after line ${http.line("server {")}:\n    ${off}`));
    const level = await inspectHttp((paths) => server(paths, { level: setting }));
    expect(level.the(code).fix).toContain(`Replace line ${level.line(setting)}`);
  });

  test("in a location of the server form, or switched off again, it is harmless", async () => {
    const inside = await inspectHttp((paths) => server(paths, { inside: "open_file_cache max=100;" }));
    expect(inside.codes).toEqual([]);
    const off = await inspectHttp((paths) => server(paths, { http: "open_file_cache max=100;", level: "open_file_cache off;" }));
    expect(off.codes).toEqual([]);
  });

  test("in the location of the location form it is an error", async () => {
    const found = await inspectHttp(
      ({ current, port }) => `
        include ${current}/*.http.conf;
        server {
          listen 127.0.0.1:${port};
          location / {
            ${GOOD.replace("proxy_redirect http://$web_pool/ /;", "")}
            open_file_cache max=100;
            include ${current}/web.location.conf;
          }
          include ${current}/sluice.closing.conf;
        }`,
    );
    expect(found.codes).toEqual(["open-file-cache"]);
  });
});

describe("the cookie that clients are recognised by", () => {
  const services = [serviceOf({ key: { by: "cookie", name: "session" } })];

  test("userid at the level of ours would be refused by nginx, and in a location takes its place", async () => {
    const duplicate = inspectText(
      "http {\n include sluice/current/*.http.conf;\n server {\n include sluice/current/web.server.conf;\n userid on;\n location / { proxy_pass http://$web_pool; }\n }\n}",
      { services },
    );
    expect(duplicate.the("userid-duplicate")).toMatchObject({ severity: "error", line: 5 });
    const overridden = await inspectHttp((paths) => server(paths, { inside: "userid off;" }), { services });
    expect(overridden.the("userid-overridden")).toMatchObject({ severity: "warning", line: overridden.line("userid off;") });
    const http = await inspectHttp((paths) => server(paths, { http: "userid on;" }), { services });
    expect(http.codes).toEqual([]);
  });

  test("a header that sets it with every answer is named, and another one is not", async () => {
    const found = await inspectHttp((paths) => server(paths, { level: 'add_header Set-Cookie "session=$request_id; Path=/";' }), {
      services,
    });
    expect(found.the("key-cookie-rewritten")).toMatchObject({ severity: "warning", line: found.line("Set-Cookie") });
    const other = await inspectHttp((paths) => server(paths, { level: 'add_header Set-Cookie "session2=1";' }), { services });
    expect(other.codes).toEqual([]);
  });
});

describe("the status address", () => {
  test.each([
    ["127.0.0.1:7071", true],
    ["7071", true],
    ["*:7071", true],
    ["localhost:7071", true],
    ["7000-7100", true],
    ["127.0.0.2:7071", false],
    ["[::]:7071", false],
    ["[::]:7071 ipv6only=off", true],
    ["7072", false],
    ["unix:/tmp/x:7071", false],
    ["127.0.0.1", false],
  ])("a server of the user's that listens on %s takes it: %s", (listen, taken) => {
    const found = inspectText(`http {\n server {\n listen ${listen} default_server;\n }\n}`);
    expect(found.codes.includes("status-address-taken")).toBe(taken);
    if (taken) expect(found.the("status-address-taken")).toMatchObject({ severity: "error", line: 3 });
  });

  test("that is a socket is a warning", () => {
    const target = { include: "/srv/edge/sluice", tables: "/srv/tables", status: "unix:/srv/status.sock" };
    expect(inspectText("http {\n}", { target }).the("status-unix-socket").severity).toBe("warning");
  });
});

describe("folders", () => {
  test.each([
    ["/run/sluice", "error"],
    ["/var/run/sluice", "error"],
    ["/tmp/sluice", "warning"],
    ["/running/sluice", null],
  ])("include and tables below %s: %s", (folder, severity) => {
    const target = { include: `${folder}/include`, tables: `${folder}/tables`, status: "127.0.0.1:1" };
    const found = inspectText("http {\n}", { target }).findings.filter((finding) => finding.code === "folder-volatile");
    expect(found.map((finding) => finding.severity)).toEqual(severity === null ? [] : [severity]);
  });

  let prefix: string;
  beforeEach(() => {
    prefix = makePrefix();
    mkdirSync(join(prefix, "a/tables"), { recursive: true });
  });
  afterEach(() => rmSync(prefix, { recursive: true, force: true }));

  test.skipIf(process.getuid?.() !== 0)("that the workers cannot enter are named with their mode, and only those", async () => {
    const { tree } = inspectText("\nuser daemon;\nhttp {\n}");
    const target = { include: "/srv/edge/sluice", tables: join(prefix, "a/tables"), status: "127.0.0.1:1" };
    const expected = { services: [serviceOf()], target, capabilities: DEBIAN };
    const user = await workerUser(tree, "nobody");
    expect(user?.name).toBe("daemon");
    expect(await folderFindings(tree, expected, user)).toEqual([]);
    chmodSync(join(prefix, "a"), 0o700);
    const [finding, ...more] = await folderFindings(tree, expected, user);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: "error", code: "tables-not-searchable", line: 2 });
    expect(finding?.message).toContain(`${prefix}/a (mode 0700)`);
    const weighted = { ...expected, services: [serviceOf({ routing: "weighted" })] };
    expect((await folderFindings(tree, weighted, user))[0]?.severity).toBe("warning");
    expect(await folderFindings(tree, expected, await workerUser(inspectText("user root;").tree, "nobody"))).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)("a worker user that does not exist is a warning", async () => {
    const { tree } = inspectText("user no-such-user-here;");
    const expected = { services: [], target: { include: "/a", tables: "/b", status: "127.0.0.1:1" }, capabilities: DEBIAN };
    expect((await folderFindings(tree, expected, await workerUser(tree, "nobody")))[0]?.code).toBe("worker-user-unknown");
  });

  test("the whole look at an nginx works, also where nginx refuses the configuration", async () => {
    const expected = {
      services: [],
      target: { include: "/srv/edge/sluice", tables: join(prefix, "a/tables"), status: "127.0.0.1:1" },
      capabilities: DEBIAN,
    };
    const input = { binary: "nginx", config: join(prefix, "test.conf"), timeoutMs: 10_000, builtInUser: "nobody" };
    await testHttp(prefix, "server_tokens off;");
    expect(await inspectNginx(input, expected)).toMatchObject({ from: "dump" });
    await testHttp(prefix, "server_tokens maybe;");
    const refused = await inspectNginx(input, expected);
    expect(refused.from).toBe("files");
    const finding = refused.findings.find((one) => one.code === "nginx-refuses");
    expect(finding?.file).toBe(join(prefix, "test.conf"));
    expect(finding?.line).toBeGreaterThan(5);
    expect(finding && describeFinding(finding)).toMatch(
      /test\.conf:\d+: error: nginx does not take this configuration: .* \[nginx-refuses\]\n {4}/,
    );
    expect(refused.findings.map((one) => one.code)).toContain("http-include-missing");
  });
});

describe("the whole nginx", () => {
  test("worker_shutdown_timeout below proxy_read_timeout cuts requests", () => {
    const http =
      "http {\n include sluice/current/*.http.conf;\n server { include sluice/current/web.server.conf; location / { proxy_read_timeout 30s; proxy_pass http://$web_pool; } }\n}";
    expect(inspectText(`worker_shutdown_timeout 10s;\n${http}`).the("worker-shutdown-timeout-short").fix).toContain(
      "worker_shutdown_timeout 30s;",
    );
    expect(inspectText(`worker_shutdown_timeout 30s;\n${http}`).codes).not.toContain("worker-shutdown-timeout-short");
  });

  test("an old nginx is a warning", () => {
    expect(inspectText("http {\n}", { capabilities: { ...DEBIAN, version: "1.16.1" } }).codes).toContain("nginx-old");
    expect(inspectText("http {\n}", { capabilities: { ...DEBIAN, version: "1.18.0" } }).codes).not.toContain("nginx-old");
  });
});

test.each([
  ["300ms", 300],
  ["5", 5000],
  ["1m30s", 90_000],
  ["1h 1m", 3_660_000],
  ["soon", null],
  ["$x", null],
])("the time %s is %s ms", (text, ms) => {
  expect(parseTime(text)).toBe(ms);
});
