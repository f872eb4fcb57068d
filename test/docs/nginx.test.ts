import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sluice } from "../support/cli.ts";
import { makePrefix, startNginx } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { root } from "../support/sources.ts";
import { blocksOf, marked, readPages } from "./pages.ts";

const found = readPages().find(({ path }) => path === "docs/nginx.md");
if (found === undefined) throw new Error("docs/nginx.md is missing");
const page = found;

/** What stands inside `http { }`, whatever part of nginx.conf a block shows. */
function httpOf(text: string, prefix: string, port: number): string {
  const all = `include ${prefix}/sluice/current/*.http.conf;\n`;
  const moved = text.replaceAll("/etc/nginx/sluice", `${prefix}/sluice`).replaceAll("listen 80;", `listen 127.0.0.1:${port};`);
  if (moved.startsWith("http {")) return moved.slice("http {".length, moved.lastIndexOf("}"));
  if (moved.startsWith("server {")) return all + moved;
  const closing = `include ${prefix}/sluice/current/sluice.closing.conf;`;
  return `${all}server {\nlisten 127.0.0.1:${port};\n${moved}\n${closing}\n}`;
}

describe("every nginx configuration that docs/nginx.md shows is taken, and nothing is found wrong with it", () => {
  const blocks = blocksOf(page).filter(({ info }) => info === "nginx");
  test("of which there are some", () => expect(blocks.length).toBe(3));

  for (const { line, text } of blocks) {
    test(`docs/nginx.md:${line}`, { timeout: 20_000 }, async () => {
      const prefix = makePrefix();
      const [port, status] = [await freePort(), await freePort()];
      const yaml = `nginx: { config: ./nginx.conf, pid: ./nginx.pid, include: ./sluice, tables: ./tables, status: "127.0.0.1:${status}" }
state: ./state
services:
  web:
    routing: ${text.includes("web.") || text.includes("$web_pool") ? "live" : "weighted"}
    pools: { blue: { members: ["127.0.0.1:8001"] }, green: { members: ["127.0.0.1:8002"] } }
    stable: blue
`;
      writeFileSync(join(prefix, "sluice.yaml"), yaml);
      const rendered = await sluice(["render", "--write"], { cwd: prefix });
      expect(rendered.code, rendered.stderr).toBe(0);
      await using nginx = await startNginx({ prefix, http: httpOf(text, prefix, port) });
      expect(await nginx.test()).toMatchObject({ ok: true });
      const checked = await sluice(["check", "--nginx", "-o", "json"], { cwd: prefix });
      const findings = JSON.parse(checked.stdout) as { severity: string; code: string; message: string }[];
      // The folder of a test is under /tmp, which is no place for tables.
      const told = findings.filter(({ severity, code }) => severity !== "info" && code !== "folder-volatile");
      expect(told).toEqual([]);
      await nginx.stop();
      rmSync(prefix, { recursive: true, force: true });
    });
  }
});

test("docs/nginx.md names every code of a finding", () => {
  const folder = join(root, "src/nginx/inspect");
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(join(folder, path), "utf8"));
  // Whatever has a dash there is a code, headers aside: nginx writes its own words with `_`.
  const headers = ["set-cookie"];
  const codes = new Set(
    sources.flatMap((text) => [...text.matchAll(/"(?<code>[a-z]+(?:-[a-z]+)+)"/g)].map((match) => match.groups?.code ?? "")),
  );
  expect(codes.size).toBeGreaterThan(50);
  const listed = [...(marked(page, "findings") ?? "").matchAll(/`(?<code>[a-z]+(?:-[a-z]+)*)`/g)].map(
    (match) => match.groups?.code,
  );
  expect([...codes].filter((code) => !listed.includes(code) && !headers.includes(code))).toEqual([]);
});
