import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ServiceSettings } from "../../../src/core/service.ts";
import { parseFiles } from "../../../src/nginx/inspect/disk.ts";
import { describeEdits, type Edit, editsFor } from "../../../src/nginx/inspect/edits.ts";
import { findings } from "../../../src/nginx/inspect/findings.ts";
import { proposeFromNginx } from "../../../src/nginx/inspect/propose.ts";
import { ask } from "../../support/client.ts";
import { inspectText, routeFor, serviceOf } from "../../support/inspected.ts";
import { type MemberServer, startMember } from "../../support/members.ts";
import { makePrefix, startNginx, testConfig } from "../../support/nginx.ts";
import { freePort } from "../../support/ports.ts";
import { DEBIAN, siteIn, writeSet } from "../../support/rendering.ts";

describe("what an existing nginx has", () => {
  const text = `http {
  upstream my_app {
    server 10.0.0.1:8080 weight=3;
    server app.internal;
    server [::1]:8080 backup;
    server unix:/run/app.sock;
  }
  server {
    listen 80;
    listen [::]:443 ssl;
    server_name shop.example.com www.example.com;
    location / { proxy_pass http://my_app; }
    location /api/ { proxy_pass http://MY_APP/v1/; }
    location /old { proxy_pass http://10.0.0.9:3000; }
    location /old2 { proxy_pass http://10.0.0.9:3000/x; }
    location /tls { proxy_pass https://10.0.0.8; }
    location /var { proxy_pass http://$somewhere; }
  }
}`;

  test("is proposed as services: upstreams and addresses, with where they are used, and servers", () => {
    const { upstreams, servers } = proposeFromNginx(inspectText(text).tree, "/srv/edge/sluice");
    expect(upstreams[0]).toMatchObject({
      name: "my_app",
      service: "my-app",
      line: 2,
      servers: ["10.0.0.1:8080", "app.internal:80", "[::1]:8080"],
      unusable: ["unix:/run/app.sock"],
    });
    expect(upstreams[0]?.usedAt.map((place) => place.line)).toEqual([12, 13]);
    expect(
      upstreams
        .slice(1)
        .map(({ name, service, servers: members, usedAt }) => [name, service, members, usedAt.map((one) => one.line)]),
    ).toEqual([
      ["10.0.0.9:3000", "shop", ["10.0.0.9:3000"], [14, 15]],
      ["10.0.0.8", "shop", ["10.0.0.8:443"], [16]],
    ]);
    expect(servers).toEqual([
      { file: "/srv/edge/nginx.conf", line: 8, names: ["shop.example.com", "www.example.com"], listens: ["80", "[::]:443"] },
    ]);
  });
});

test("a file of sites alone is read, and the main file asked for", () => {
  const found = inspectText(
    "upstream web {\n server 10.0.0.1:80;\n}\nserver {\n listen 80;\n location / { proxy_pass http://web; }\n}",
  );
  const { upstreams, servers } = proposeFromNginx(found.tree, "/srv/edge/sluice");
  expect(upstreams.map(({ name, usedAt }) => [name, usedAt.length])).toEqual([["web", 1]]);
  expect(servers).toHaveLength(1);
  expect(editsFor(found.tree, found.expected, serviceOf(), "web").byHand.join()).toContain("give the main file (nginx.conf)");
});

describe("the lines to add", () => {
  let prefix: string;
  let blue: MemberServer;
  beforeEach(async () => {
    prefix = makePrefix();
    mkdirSync(join(prefix, "sites"));
    blue = await startMember({ name: "blue" });
  });
  afterEach(async () => {
    await blue[Symbol.asyncDispose]();
    rmSync(prefix, { recursive: true, force: true });
  });

  /** What a person does who follows the edits: from the last line up, so that earlier numbers stay right. */
  function follow(edits: readonly Edit[]): void {
    const lineOf = (edit: Edit) => (edit.do === "add" ? edit.afterLine + 0.5 : edit.do === "remove" ? edit.fromLine : edit.line);
    for (const edit of [...edits].sort((a, b) => lineOf(b) - lineOf(a))) {
      const lines = readFileSync(edit.file, "utf8").split("\n");
      if (edit.do === "add") lines.splice(edit.afterLine, 0, ...edit.lines);
      else if (edit.do === "remove") lines.splice(edit.fromLine - 1, edit.toLine - edit.fromLine + 1);
      else {
        const old = lines[edit.line - 1] ?? "";
        expect(old).toContain(edit.text);
        lines[edit.line - 1] = old.replace(edit.text, () => edit.lines.join("\n"));
      }
      writeFileSync(edit.file, lines.join("\n"));
    }
  }

  /** A running site before Sluice: an upstream, a location with a prefix that goes away, and one without. */
  async function existing(port: number): Promise<string> {
    const site = join(prefix, "sites/shop.conf");
    writeFileSync(
      site,
      `upstream web {
    server ${blue.address};
    keepalive 4;
}
server {
    listen 127.0.0.1:${port};
    rewrite ^/old/(.*)$ /new/$1 last;
    location / {
        proxy_pass http://web;
    }
    location /api/ {
        proxy_set_header X-Api 1;
        proxy_pass http://web/v1/;
    }
}
`,
    );
    const nginx = await startNginx({ http: `map_hash_bucket_size 128;\ninclude ${prefix}/sites/*.conf;`, prefix });
    await nginx.stop();
    return nginx.config;
  }

  test.each(["live", "weighted"] as const)(
    "for %s, followed to the letter, make a configuration that nginx serves and check has nothing against",
    async (routing) => {
      const port = await freePort();
      const config = await existing(port);
      const service: ServiceSettings = serviceOf({
        routing,
        pools: { blue: { members: [blue.address] }, green: { members: ["127.0.0.1:1"] } },
      });
      const site = await siteIn(prefix);
      const target = { include: join(prefix, "sluice"), tables: site.tables, status: site.status };
      const expected = { services: [service], target, capabilities: DEBIAN };
      const { edits, byHand } = editsFor(await parseFiles(config), expected, service, "web");
      expect(byHand).toEqual([]);
      expect(describeEdits({ edits, byHand })).toContain(`Add to ${config} after line `);
      follow(edits);
      writeSet(join(prefix, "sluice"), site, [routeFor(service)]);
      expect((await testConfig(prefix, config)).text).toContain("test is successful");
      const left = findings(await parseFiles(config), expected).filter((finding) => finding.code !== "folder-volatile");
      expect(left).toEqual([]);

      const http =
        /http \{([\s\S]*)\}/.exec(readFileSync(config, "utf8"))?.[1]?.replace(/^.*(?:access_log|temp_path).*$/gm, "") ?? "";
      await using nginx = await startNginx({ http, prefix });
      expect(nginx.pid).toBeGreaterThan(1);
      const get = async (path: string) => ({
        status: (await ask(`http://127.0.0.1:${port}${path}`)).status,
        seen: blue.last?.url,
      });
      expect(await get("/a?x=1")).toEqual({ status: 200, seen: "/a?x=1" });
      expect(await get("/old/b")).toEqual({ status: 200, seen: "/new/b" });
      expect(await get("/api/items?y=2")).toEqual({ status: 200, seen: "/v1/items?y=2" });
      expect(blue.last?.headers["x-api"]).toBe("1");
    },
  );

  test("what has no line of its own is asked for in words", () => {
    const found = inspectText("http { server { location ~ ^/a { proxy_pass http://web/b; } } }");
    const { byHand } = editsFor(found.tree, found.expected, serviceOf(), "web");
    expect(byHand.join("\n")).toContain('Add inside "http" of /srv/edge/nginx.conf');
    expect(byHand.join("\n")).toContain('Add inside "server"');
  });

  test("a path behind a regular expression's location is left to the person", () => {
    const found = inspectText("http {\n server {\n location @x {\n proxy_pass http://web/b$uri;\n }\n }\n}");
    const { byHand } = editsFor(found.tree, found.expected, serviceOf(), "web");
    expect(byHand.join("\n")).toContain("nginx.conf:4");
  });
});
