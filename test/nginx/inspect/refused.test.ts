import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Site } from "../../../src/nginx/site.ts";
import { routeFor, serviceOf } from "../../support/inspected.ts";
import { makePrefix, testHttp } from "../../support/nginx.ts";
import { siteIn, writeSet } from "../../support/rendering.ts";

/* What the findings say that nginx would refuse, refused by a real `nginx -t`. */

let prefix: string;
let site: Site;
beforeEach(async () => {
  prefix = makePrefix();
  site = await siteIn(prefix);
});
afterEach(() => rmSync(prefix, { recursive: true, force: true }));

test("userid-duplicate: nginx refuses a userid beside ours", async () => {
  writeSet(join(prefix, "sluice"), site, [routeFor(serviceOf({ key: { by: "cookie", name: "session" } }))]);
  const current = join(prefix, "sluice/current");
  const http = (extra: string) =>
    `include ${current}/*.http.conf;\nserver { include ${current}/web.server.conf; ${extra} location / { proxy_pass http://$web_pool; } }`;
  expect((await testHttp(prefix, http(""))).ok).toBe(true);
  expect((await testHttp(prefix, http("userid on;"))).text).toContain('"userid" directive is duplicate');
});

test("http-include-missing: a map_hash directive must stand before our include", async () => {
  writeSet(join(prefix, "sluice"), site, [routeFor(serviceOf())]);
  const include = `include ${join(prefix, "sluice/current")}/*.http.conf;`;
  expect((await testHttp(prefix, `map_hash_bucket_size 128;\n${include}`)).ok).toBe(true);
  expect((await testHttp(prefix, `${include}\nmap_hash_bucket_size 128;`)).text).toContain("directive is duplicate");
});

test.each([
  ["http-include-twice", "INCLUDE INCLUDE", "duplicate upstream"],
  ["upstream-collision", "INCLUDE upstream WEB_blue { server 127.0.0.1:1; }", "duplicate upstream"],
  ["server-include-missing", "INCLUDE server { location / { proxy_pass http://$web_pool; } }", 'unknown "web_pool" variable'],
  ["location-include-misplaced", "INCLUDE server { include CURRENT/web.location.conf; }", "proxy_pass"],
  ["location-form-if", "INCLUDE server { location / { if ($host) { include CURRENT/web.location.conf; } } }", "not allowed here"],
  ["closing-twice", "INCLUDE server { include CURRENT/sluice.closing.conf; include CURRENT/sluice.closing.conf; }", "duplicate"],
  ["closing-misplaced", "INCLUDE server { location / { include CURRENT/sluice.closing.conf; } }", "sluice_closing"],
  ["include-of-unknown-service", "INCLUDE server { include CURRENT/other.server.conf; }", "No such file"],
])("%s: nginx refuses the configuration", async (_, http, words) => {
  writeSet(join(prefix, "sluice"), site, [routeFor(serviceOf())]);
  const current = join(prefix, "sluice/current");
  const text = http.replaceAll("INCLUDE", "include CURRENT/*.http.conf;").replaceAll("CURRENT", current);
  const tested = await testHttp(prefix, text);
  expect(tested.ok).toBe(false);
  expect(tested.text).toContain(words);
});
