import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ServiceSettings } from "../../../src/core/service.ts";
import type { Site } from "../../../src/nginx/site.ts";
import { type Answer, ask } from "../../support/client.ts";
import { routeFor, serviceOf } from "../../support/inspected.ts";
import { type MemberServer, startMember } from "../../support/members.ts";
import { makePrefix, type Nginx, startNginx } from "../../support/nginx.ts";
import { freePort } from "../../support/ports.ts";
import { siteIn, writeSet } from "../../support/rendering.ts";

/*
 * What the findings say would happen to requests, seen to happen on a real nginx: a finding that scares people for nothing is a
 * bug, too.
 */

let blue: MemberServer;
let green: MemberServer;
beforeAll(async () => {
  blue = await startMember({ name: "blue" });
  green = await startMember({ name: "green" });
});
afterAll(async () => {
  await blue[Symbol.asyncDispose]();
  await green[Symbol.asyncDispose]();
});

let prefix: string;
let site: Site;
let port: number;
let nginx: Nginx | null;
beforeEach(async () => {
  prefix = makePrefix();
  site = await siteIn(prefix);
  port = await freePort();
  nginx = null;
});
afterEach(async () => {
  await nginx?.[Symbol.asyncDispose]();
  rmSync(prefix, { recursive: true, force: true });
});

/** Everybody who asks for it by header goes to green, nobody else. */
function settings(more: Partial<ServiceSettings> = {}): ServiceSettings {
  const pools = { blue: { members: [blue.address] }, green: { members: [green.address] } };
  return serviceOf({ pools, overrides: { header: "x-canary", cookie: null }, ...more });
}

const CURRENT = "CURRENT";

/** Starts nginx with these http and server lines; `CURRENT` stands for the folder of our files. Only the override is in the table. */
async function serve(server: string, options: { http?: string; service?: ServiceSettings } = {}): Promise<void> {
  writeSet(join(prefix, "sluice"), site, [routeFor(options.service ?? settings())]);
  point("web.green", { yes: true });
  const http = `${options.http ?? ""}\ninclude ${CURRENT}/*.http.conf;\nserver {\nlisten 127.0.0.1:${port};\n${server}\n}`;
  const text = http.replaceAll(CURRENT, join(prefix, "sluice/current"));
  nginx = await startNginx({ http: text, prefix });
}

/** Puts a table in its place by one rename of a link. */
function point(table: string, has: { readonly yes: boolean }): void {
  const folder = `${table}.${has.yes}`;
  mkdirSync(join(site.tables, folder), { recursive: true });
  if (has.yes) writeFileSync(join(site.tables, folder, "yes"), "");
  symlinkSync(folder, join(site.tables, ".next"));
  renameSync(join(site.tables, ".next"), join(site.tables, table));
}

const get = (path = "/", headers: Record<string, string> = {}): Promise<Answer> =>
  ask(`http://127.0.0.1:${port}${path}`, headers);
const moved = (path = "/", headers: Record<string, string> = {}) => get(path, { "x-canary": "always", ...headers });
const SERVER = `include ${CURRENT}/web.server.conf;`;
const LOCATION = `include ${CURRENT}/web.location.conf;`;
const PASS = "proxy_pass http://$web_pool; proxy_set_header Host $host;";

test("as it should be: asked for, green answers, and else blue, in both forms", async () => {
  await serve(`${SERVER}\nlocation / { ${PASS} }\nlocation /l { ${LOCATION} }`);
  for (const path of ["/", "/l"]) {
    expect((await get(path)).version).toBe("blue");
    expect((await moved(path)).version).toBe("green");
  }
});

describe("server-include-not-first", () => {
  test.each(["last", "break"])("behind an earlier rewrite … %s, what it matches is 500; before it, it is not", async (flag) => {
    await serve(`rewrite ^/old(.*)$ /new$1 ${flag};\n${SERVER}\nlocation / { ${PASS} }`);
    expect((await get("/other")).status).toBe(200);
    expect((await get("/old/x")).status).toBe(500);
    expect(nginx?.logs()).toContain('invalid URL prefix in "http://"');
    await nginx?.[Symbol.asyncDispose]();

    await serve(`${SERVER}\nrewrite ^/old(.*)$ /new$1 ${flag};\nlocation / { ${PASS} }`);
    expect((await moved("/old/x")).version).toBe("green");
    expect(green.last?.url).toBe("/new/x");
  });

  test("an earlier return answers what it matches, and makes nothing else 500", async () => {
    await serve(`if ($http_x_bad) { return 403; }\n${SERVER}\nlocation / { ${PASS} }`);
    expect((await get("/", { "x-bad": "1" })).status).toBe(403);
    expect((await moved("/")).version).toBe("green");
  });
});

test("server-include-missing: every request of a server without it is 500", async () => {
  const other = await freePort();
  await serve(`${SERVER}\nlocation / { ${PASS} }\n}\nserver { listen 127.0.0.1:${other};\nlocation / { ${PASS} }`);
  expect((await get()).status).toBe(200);
  expect((await ask(`http://127.0.0.1:${other}/`)).status).toBe(500);
});

describe("open-file-cache", () => {
  const CACHE = "open_file_cache max=100; open_file_cache_valid 60s;";

  test("at the server's level, clients go on by the table of before", async () => {
    await serve(`${CACHE}\n${SERVER}\nlocation / { ${PASS} }`);
    expect((await moved()).version).toBe("green");
    point("web.green", { yes: false });
    for (let again = 0; again < 10; again += 1) expect((await moved()).version).toBe("green");
  });

  test("in a location of the server form it changes nothing", async () => {
    await serve(`${SERVER}\nlocation / { ${PASS} ${CACHE} }`);
    expect((await moved()).version).toBe("green");
    point("web.green", { yes: false });
    for (let again = 0; again < 10; again += 1) expect((await moved()).version).toBe("blue");
  });

  test("in the location of the location form, clients go on by the table of before", async () => {
    await serve(`location / { ${CACHE} ${LOCATION} }`);
    expect((await moved()).version).toBe("green");
    point("web.green", { yes: false });
    for (let again = 0; again < 10; again += 1) expect((await moved()).version).toBe("green");
  });
});

test("disable-symlinks: with a link in the tables' path, everybody silently gets blue", async () => {
  await serve(`disable_symlinks on;\n${SERVER}\nlocation / { ${PASS} }`);
  expect(await moved()).toMatchObject({ status: 200, version: "blue" });
});

describe("the location form", () => {
  test("location-form-if: with another if behind it, moved clients get blue; before it, that if is lost", async () => {
    const other = (order: (other: string) => string) => order("if ($http_x_a) { add_header X-A seen; }");
    await serve(
      `location /behind { ${other((one) => `${LOCATION} ${one}`)} }\nlocation /before { ${other((one) => `${one} ${LOCATION}`)} }`,
    );
    expect(await moved("/behind", { "x-a": "1" })).toMatchObject({ version: "blue", headers: { "x-a": "seen" } });
    const before = await moved("/before", { "x-a": "1" });
    expect(before.version).toBe("green");
    expect(before.headers["x-a"]).toBeUndefined();
  });

  test("location-form-try-files: moved clients skip it", async () => {
    mkdirSync(join(prefix, "html"));
    writeFileSync(join(prefix, "html/file"), "from the disk");
    await serve(
      `root ${join(prefix, "html")};\nlocation / { try_files $uri @none; ${LOCATION} }\nlocation @none { return 404; }`,
    );
    expect((await get("/nothing")).status).toBe(404);
    expect((await moved("/nothing")).version).toBe("green");
  });

  test("location-form-limit-except: a method that it limits never comes to the table", async () => {
    await serve(`location / { ${LOCATION} limit_except POST { allow all; } }`);
    expect((await moved()).version).not.toBe("green");
  });

  test("location-form-rewrite: what an earlier rewrite … break matches goes to blue; a later one does no harm", async () => {
    await serve(
      `location /a { rewrite ^/a/old /a/new break; ${LOCATION} }\nlocation /b { ${LOCATION} rewrite ^/b/old /b/new break; }`,
    );
    expect((await moved("/a/other")).version).toBe("green");
    expect((await moved("/a/old")).version).toBe("blue");
    expect((await moved("/b/old")).version).toBe("green");
    expect(green.last?.url).toBe("/b/new");
  });

  test("location-form-captures: a pattern that matches empties $1, whole words do not", async () => {
    const location = `location ~ ^/(.*)$ { proxy_set_header X-Part $1; ${LOCATION} }`;
    await serve(location);
    await moved("/part");
    expect(green.last?.headers["x-part"]).toBe("part");
    await nginx?.[Symbol.asyncDispose]();

    // As a user's own template might have it.
    await serve(
      location.replace(
        LOCATION,
        `if (-e ${site.tables}/web.green/$patterned) { proxy_pass http://web_green; } proxy_pass http://web_blue;`,
      ),
      {
        http: 'map $http_x_canary $patterned { default no; "~^always$" yes; }',
      },
    );
    await moved("/part");
    expect(green.last?.headers["x-part"]).toBeUndefined();
  });
});

describe("the proxied location", () => {
  test("proxy-pass-uri: members are asked for the same path, whatever the client asked for", async () => {
    await serve(`${SERVER}\nlocation / { ${PASS.replace("$web_pool", "$web_pool/")} }`);
    await get("/deep/path?x=1");
    expect(blue.last?.url).toBe("/");
  });

  test("proxy-host-missing: members see the pool's name", async () => {
    await serve(`${SERVER}\nlocation / { proxy_pass http://$web_pool; }`);
    await get();
    expect(blue.last?.headers.host).toBe("web_blue");
    await moved();
    expect(green.last?.headers.host).toBe("web_green");
  });

  test("proxy-redirect-missing: a redirect to the pool's name reaches clients, unless it is set, or in the location form", async () => {
    const redirecting = await freePort();
    const member = `127.0.0.1:${redirecting}`;
    const service = settings({ pools: { blue: { members: [member] }, green: { members: [green.address] } } });
    const fixed = "proxy_redirect http://$web_pool/ /;";
    const answering = `server { listen ${member}; absolute_redirect on; location / { return 302 http://$http_host/next; } }`;
    await serve(
      `${SERVER}\nlocation / { proxy_pass http://$web_pool; }\nlocation /set { proxy_pass http://$web_pool; ${fixed} }\nlocation /form { ${LOCATION} }`,
      { http: answering, service },
    );
    expect((await get("/")).headers.location).toBe("http://web_blue/next");
    expect((await get("/set")).headers.location).toMatch(/^(?:http:\/\/127\.0\.0\.1:\d+)?\/next$/);
    expect((await get("/form")).headers.location).not.toContain("web_blue");
  });
});

describe("the closing include", () => {
  const CLOSING = `include ${CURRENT}/sluice.closing.conf;`;
  const close = () => writeFileSync(site.closingFlag, "");

  test("closing-internal-location: an internal location becomes reachable while connections are closed", async () => {
    mkdirSync(join(prefix, "html"));
    writeFileSync(join(prefix, "html/private"), "secret");
    await serve(`${SERVER}\nlocation / { ${PASS} }\nlocation = /private { internal; root ${join(prefix, "html")}; }\n${CLOSING}`);
    expect((await get("/private")).status).toBe(404);
    close();
    expect(await get("/private")).toMatchObject({ status: 200, body: "secret" });
  });

  test("closing-not-last: what a later server-level if refuses is let through", async () => {
    await serve(`${SERVER}\nlocation / { ${PASS} }\n${CLOSING}\nif ($http_x_bad) { return 403; }`);
    expect((await get("/", { "x-bad": "1" })).status).toBe(403);
    close();
    expect((await get("/", { "x-bad": "1" })).status).toBe(200);
  });

  test("closing-error-page: an error inside a page of the server's own leads on to another page", async () => {
    const pages = "error_page 403 = /denied; error_page 404 =200 /sorry;";
    const lines = `${SERVER}\n${pages}\nlocation / { ${PASS} }\nlocation /secret { return 403; }\nlocation = /denied { return 404; }\nlocation = /sorry { return 200 sorry; }`;
    await serve(lines);
    expect((await get("/secret")).status).toBe(404);
    await nginx?.[Symbol.asyncDispose]();
    await serve(`${lines}\n${CLOSING}`);
    expect(await get("/secret")).toMatchObject({ status: 200, body: "sorry" });
  });

  test("closing-error-page: the error pages of http are gone in a server that includes it", async () => {
    const http = "error_page 404 =200 /sorry;";
    const lines = `${SERVER}\nlocation / { ${PASS} }\nlocation /gone { return 404; }\nlocation = /sorry { return 200 sorry; }`;
    await serve(lines, { http });
    expect(await get("/gone")).toMatchObject({ status: 200, body: "sorry" });
    await nginx?.[Symbol.asyncDispose]();
    await serve(`${lines}\n${CLOSING}`, { http });
    expect((await get("/gone")).status).toBe(404);
  });
});

test.skipIf(process.getuid?.() !== 0)(
  "tables-not-searchable: everybody silently gets blue, with a [crit] line a request",
  async () => {
    await serve(`${SERVER}\nlocation / { ${PASS} }`);
    expect((await moved()).version).toBe("green");
    const config = join(prefix, "nginx.conf");
    await nginx?.stop();
    chmodSync(site.tables, 0o700);
    writeFileSync(config, readFileSync(config, "utf8").replace("user root;", "user daemon;"));
    await nginx?.start();
    expect(await moved()).toMatchObject({ status: 200, version: "blue" });
    expect(nginx?.logs()).toMatch(/\[crit\].*Permission denied/);
  },
);

test("status-address-taken: a server of the user's that comes first answers instead", async () => {
  await serve(`${SERVER}\nlocation / { ${PASS} }`, { http: `server { listen ${site.status}; location / { return 200 mine; } }` });
  expect((await ask(`http://${site.status}/sluice`)).body).toBe("mine");
});
