// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of nginx.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseFiles } from "../../../src/nginx/inspect/disk.ts";
import { dumpNginx, parseDump } from "../../../src/nginx/inspect/dump.ts";
import { findings } from "../../../src/nginx/inspect/findings.ts";
import { pathMatcher } from "../../../src/nginx/inspect/glob.ts";
import { type ConfigTree, everyDirective, inForce, within } from "../../../src/nginx/inspect/tree.ts";
import { inspectText, serviceOf } from "../../support/inspected.ts";
import { makePrefix, testHttp } from "../../support/nginx.ts";
import { DEBIAN } from "../../support/rendering.ts";

let prefix: string;
beforeEach(() => {
  prefix = makePrefix();
});
afterEach(() => rmSync(prefix, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(join(prefix, path, ".."), { recursive: true });
  writeFileSync(join(prefix, path), text);
}

async function dump(): Promise<ConfigTree> {
  const out = await dumpNginx({
    binary: "nginx",
    config: join(prefix, "test.conf"),
    ownFolder: join(prefix, "own"),
    timeoutMs: 10_000,
  });
  if (out.is !== "dumped") throw new Error(out.reason);
  return parseDump(out.text);
}

/** Every directive as a line: where it is, what it says, and what block it acts in. */
function flat(tree: ConfigTree): readonly string[] {
  return everyDirective(tree.directives).map(
    (one) =>
      `${one.file.slice(prefix.length)}:${one.line}-${one.endLine} in ${one.parent?.name ?? "main"}: ${[one.name, ...one.args].join(" ")}`,
  );
}

describe("a configuration with includes", () => {
  const http = `
    include parts/*.conf;
    map $host $which { default 0; include parts/map.list; }
    server {
      listen 127.0.0.1:1;
      include parts/snippet.inc;
      location / { include parts/snippet.inc; return 204; }
    }`;

  beforeEach(() => {
    write("parts/b.conf", "server_tokens off;\n");
    write("parts/a.conf", "# comment\nsendfile on;\ninclude deep/*/x.conf;\n");
    write("parts/.hidden.conf", "this is no nginx;\n");
    write("deep/one/x.conf", "tcp_nopush\n  on;\n");
    write("parts/map.list", "a.test 1;\n");
    write("parts/snippet.inc", "add_header X-A 1;\n");
  });

  test("is read as nginx reads it: in order, with file and line, and in the block that each directive acts in", async () => {
    expect((await testHttp(prefix, http)).text).toContain("test is successful");
    const tree = await dump();
    const lines = flat(tree);
    expect(tree.problems).toEqual([]);
    const own = lines.filter((line) => line.startsWith("/parts") || line.startsWith("/deep"));
    expect(own).toEqual([
      "/parts/a.conf:2-2 in http: sendfile on",
      "/parts/a.conf:3-3 in http: include deep/*/x.conf",
      "/deep/one/x.conf:1-2 in http: tcp_nopush on",
      "/parts/b.conf:1-1 in http: server_tokens off",
      "/parts/map.list:1-1 in map: a.test 1",
      "/parts/snippet.inc:1-1 in server: add_header X-A 1",
      "/parts/snippet.inc:1-1 in location: add_header X-A 1",
    ]);
    expect(lines.find((line) => line.includes("return 204"))).toContain("in location");
  });

  test("reads the same from the disk as from nginx -T", async () => {
    expect((await testHttp(prefix, http)).ok).toBe(true);
    expect(flat(await parseFiles(join(prefix, "test.conf")))).toEqual(flat(await dump()));
  });

  test("keeps a user's comment that looks like a header of nginx -T", async () => {
    const odd = `${http}\n# configuration file /etc/other.conf:\nserver { listen 127.0.0.1:2; }`;
    expect((await testHttp(prefix, odd)).ok).toBe(true);
    expect(flat(await dump())).toEqual(flat(await parseFiles(join(prefix, "test.conf"))));
    expect((await dump()).files).not.toContain("/etc/other.conf");
  });

  test("says which include leads nowhere, and which file includes itself", async () => {
    write("main.conf", "events {}\ninclude parts/loop.conf;\ninclude parts/none.conf;\ninclude parts/nothing*.conf;\n");
    write("parts/loop.conf", "\ninclude parts/loop.conf;\n");
    const tree = await parseFiles(join(prefix, "main.conf"));
    expect(tree.problems.map(({ code, file, line }) => [code, file.slice(prefix.length), line])).toEqual([
      ["include-loop", "/parts/loop.conf", 2],
      ["include-missing", "/main.conf", 3],
    ]);
  });
});

describe("nginx's grammar", () => {
  const statement = (text: string) => inspectText(text).tree;

  test("quotes, escapes, comments and ${…} are read as nginx reads them", () => {
    const tree = statement(
      `a "x;{}#" 'it''s' b\\ c "\\"q\\"" \${v}w a#b; # rest { ;\nlog_format f '{"a":1}';\nif ($x = "a b") { set $y \${z}; }`,
    );
    expect(tree.problems.map((problem) => problem.message)).toEqual([]);
    expect(tree.directives[0]?.args).toEqual(["x;{}#", "it", "s", "b\\ c", '"q"', "${v}w", "a#b"]);
    expect(tree.directives[1]?.args).toEqual(["f", '{"a":1}']);
    expect(tree.directives[2]?.block?.[0]?.args).toEqual(["$y", "${z}"]);
  });

  test.each([
    ["a block that is not closed", "http {\n server {\n listen 80;\n }\n", 1],
    ["a brace too many", "events {}\n}\nhttp {}\n", 2],
    ["a string that is not closed", 'events {}\nhttp {\n add_header A "b;\n}\n', 3],
    ["a directive without its semicolon", "http {\n server_tokens off\n}\n", 2],
    ["a lonely semicolon", "events {}\n;\n", 2],
  ])("%s is a finding with its line, and the rest is still read", (_, text, line) => {
    const found = inspectText(text);
    expect(found.findings.filter((finding) => finding.code === "unparsable").map((finding) => finding.line)).toContain(line);
    expect(found.tree.directives.length).toBeGreaterThan(0);
  });

  test("program text in a block of another module is passed over", () => {
    const tree = statement("http {\n content_by_lua_block {\n  local t = { a = 1 } -- it's\n }\n}\nuser root;");
    expect(tree.problems).toEqual([]);
    expect(tree.directives[1]).toMatchObject({ name: "user", line: 6 });
  });

  test("no text whatever makes the reader or a rule throw", () => {
    const piece = fc.constantFrom(
      "http {",
      "server {",
      "location / {",
      "if ($a) {",
      "}",
      ";",
      '"',
      "'",
      "\\",
      "#",
      "\n",
      "$",
      "${",
      "include sluice/current/*.conf;",
      "include *;",
      "proxy_pass http://$web_pool/;",
      "listen [",
      "listen 7071;",
      "upstream web_blue {",
      "map $a $b {",
      "rewrite",
      "internal;",
      "error_page",
      "user",
      " ",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: "binary", maxLength: 6 })), { maxLength: 60 }), (parts) => {
        inspectText(parts.join(" "));
        const found = findings(parseDump(parts.join(" ")), {
          services: [serviceOf()],
          target: { include: "/a", tables: "/b", status: "unix:/c" },
          capabilities: DEBIAN,
        });
        expect(found.every((finding) => finding.line >= 1)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(inspectText("a {".repeat(5000)).codes).toContain("unparsable");
  });
});

describe("patterns of include", () => {
  test.each([
    ["/etc/nginx/*.conf", "/etc/nginx/a.conf", true],
    ["/etc/nginx/*.conf", "/etc/nginx/.a.conf", false],
    ["/etc/nginx/*.conf", "/etc/nginx/sub/a.conf", false],
    ["/etc/*/a.conf", "/etc/nginx/a.conf", true],
    ["/etc/[a-n]ginx/?.conf", "/etc/nginx/a.conf", true],
    ["/etc/[!n]ginx/?.conf", "/etc/nginx/a.conf", false],
    ["/etc/a+b(c)/*", "/etc/a+b(c)/x", true],
    ["/etc/[z-a]/x", "/etc/z/x", false],
  ])("%s and %s: %s", (pattern, path, matches) => {
    expect(pathMatcher(pattern)(path)).toBe(matches);
  });
});

describe("what nginx -T says when it refuses", () => {
  test("keeps file and line, and nothing that it quotes", async () => {
    write("secret.conf", 'proxy_set_header Authorization "Bearer hunter2";\nproxy_hunter2 "more hunter2";\n');
    await testHttp(prefix, "include secret.conf;");
    const out = await dumpNginx({
      binary: "nginx",
      config: join(prefix, "test.conf"),
      ownFolder: join(prefix, "own"),
      timeoutMs: 10_000,
    });
    expect(out).toMatchObject({ is: "refused", file: join(prefix, "secret.conf"), line: 2 });
    expect(JSON.stringify(out)).not.toContain("hunter2");
    expect(out.is === "refused" && out.reason).toContain("unknown directive");
  });

  test("shows the words about our own files as they are", async () => {
    write("own/web.http.conf", "upstreem web {}\n");
    await testHttp(prefix, "include own/*.http.conf;");
    const out = await dumpNginx({
      binary: "nginx",
      config: join(prefix, "test.conf"),
      ownFolder: join(prefix, "own"),
      timeoutMs: 10_000,
    });
    expect(out).toMatchObject({ is: "refused", line: 1, reason: '[emerg] unknown directive "upstreem"' });
  });

  test("a binary that is not there is a reason, too", async () => {
    const out = await dumpNginx({ binary: join(prefix, "no-nginx"), config: "/x", ownFolder: "/y", timeoutMs: 1000 });
    expect(out.is === "refused" && out.reason).toContain("ENOENT");
  });
});

test("settings are inherited from the nearest block that has any, as in nginx", () => {
  const { tree } = inspectText(
    "http { proxy_set_header A 1; proxy_set_header B 2; server { location / { proxy_set_header C 3; location /x { root /; } } } }",
  );
  const inner = everyDirective(tree.directives).find((one) => one.name === "root");
  expect(inForce(inner?.parent ?? null, "proxy_set_header").map((one) => one.args[0])).toEqual(["C"]);
  expect(inner && within(inner, "server")?.parent?.name).toBe("http");
});

describe("20 000 lines with 1 000 services are looked through in under a second", () => {
  const services = Array.from({ length: 1000 }, (_, at) => serviceOf({ name: `s${at}` }));
  const text = (location: (name: string) => string) => {
    const servers = services.map(
      ({ name }) => `server {
        listen 127.0.0.1:8080;
        server_name ${name}.test;
        include sluice/current/${name}.server.conf;
        location / {
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_redirect off;
          proxy_connect_timeout 1s;
          proxy_read_timeout 60s;
          ${location(name)}
        }
        location /static/ {
          root /srv;
          expires 1h;
        }
        location = /x { internal; root /srv; }
        error_page 500 /x;
        set $a ${name}.x;
        }`,
    );
    return `http {\ninclude sluice/current/*.http.conf;\n${servers.join("\n")}\n}`;
  };

  test.each([
    ["in the server form", (name: string) => `proxy_pass http://$${name}_pool;`, "retries-unbounded"],
    ["in the location form", (name: string) => `include sluice/current/${name}.location.conf; add_header A $1;`, "both-forms"],
    ["that no location names", () => "proxy_pass http://127.0.0.1:1;", "service-not-routed"],
  ])("%s", (_, location, code) => {
    const dump = text(location);
    expect(dump.split("\n").length).toBeGreaterThan(19_000);
    const times = [1, 2, 3].map(() => {
      const start = performance.now();
      const found = inspectText(dump, { services });
      expect(found.codes.filter((one) => one === code)).toHaveLength(1000);
      return performance.now() - start;
    });
    // The best of three, because other tests want the processor, too.
    expect(Math.min(...times)).toBeLessThan(1000);
  });
});
