import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Key } from "../../src/core/service.ts";
import { type Line, parseLine } from "../../src/metrics/nginx-log/line.ts";
import { count } from "../support/client.ts";
import { startMember } from "../support/members.ts";
import { until } from "../support/nginx.ts";
import { startLogging } from "../support/nginx-log.ts";
import { freePort } from "../support/ports.ts";
import { writeTable } from "../support/rendering.ts";
import { routeOf } from "../support/routes.ts";

const HEADER: Key = { by: "header", name: "X-User" };

test.each([
  ["the server include", HEADER, null],
  ["the server include and an override", HEADER, "X-Canary"],
  ["the server include and a random key", { by: "random" } as Key, null],
  ["the location include", HEADER, null],
])("%s tells the log which bucket a request had, and where its table sent it", async (form, key, header) => {
  await using blue = await startMember({ name: "blue" });
  await using green = await startMember({ name: "green" });
  const shape = { key, overrides: { header, cookie: null }, log: { sample: 10_000 } };
  const port = await freePort();
  await using edge = await startLogging(routeOf({ blue: [blue.address], green: [green.address] }, { shape }), "", {
    http: (prefix) => `server { listen 127.0.0.1:${port}; location / { include ${prefix}/current/web.location.conf; }
      location /pinned { proxy_pass http://web_green; } }`,
  });
  rmSync(join(edge.site.tables, "web.green"));
  writeTable(edge.site, "web.green", 5_000);
  const url = form.includes("location") ? `http://127.0.0.1:${port}/` : edge.url;
  const lines = (): readonly Line[] =>
    readFileSync(edge.path, "utf8")
      .split("\n")
      .flatMap((text) => parseLine(text) ?? []);
  const counts = await count(url, 40, { headers: (index) => ({ "X-User": `user-${index}` }) });
  await count(`http://127.0.0.1:${port}/pinned`, 1);
  await until("the log is written", () => lines().length === 41);
  const asked = lines().filter(({ routed }) => routed !== null);
  // A server of the user's own that names a pool asks no table, and is held against none.
  expect(asked).toHaveLength(40);
  for (const { pool, routed } of asked) {
    expect(routed).toEqual({ pool, slot: expect.stringMatching(/^\d\d\/\d\d$/) });
    expect(existsSync(join(edge.site.tables, "web.green", routed?.slot ?? ""))).toBe(pool === "green");
  }
  expect(asked.filter(({ pool }) => pool === "green")).toHaveLength(counts.green ?? 0);
  expect(counts.blue).toBeGreaterThan(0);
});
