import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Route } from "../../src/core/route.ts";
import { BASELINE, type Capabilities, parseCapabilities } from "../../src/nginx/capabilities.ts";
import { render, type Stub } from "../../src/nginx/render.ts";
import type { TargetSettings } from "../../src/nginx/settings.ts";
import type { Site } from "../../src/nginx/site.ts";
import { defaultTemplates, loadTemplates, type Templates } from "../../src/nginx/template.ts";
import { freePort } from "./ports.ts";

/** What nginx 1.22 can do; later ones take it, too. */
export const DEBIAN: Capabilities = { ...BASELINE, version: "1.22.1", useridFlags: true };

export const TEMPLATES: Templates = await loadTemplates(defaultTemplates(), null);

/** A target below a folder, which nothing was written to yet and no nginx runs for. */
export function targetIn(prefix: string): TargetSettings {
  return {
    name: "local",
    drive: { by: "local", binary: "nginx", config: join(prefix, "nginx.conf"), pid: join(prefix, "pid") },
    include: join(prefix, "sluice"),
    tables: join(prefix, "tables"),
    status: "127.0.0.1:19071",
    closingMs: 0,
    deadlineMs: 1_000,
  };
}

/** A prefix with tables, and a status server on a free port. */
export async function siteIn(prefix: string, capabilities: Capabilities = DEBIAN): Promise<Site> {
  const tables = join(prefix, "tables");
  mkdirSync(tables, { recursive: true });
  writeFileSync(join(tables, ".probe"), "");
  return { tables, status: `127.0.0.1:${await freePort()}`, closingFlag: join(prefix, "closing"), capabilities };
}

/** What the nginx can do that the tests run. */
export async function ofNginx(): Promise<Capabilities> {
  return parseCapabilities((await execa("nginx", ["-V"])).stderr);
}

/** Renders a set into `PREFIX/current`; returns the generation. */
export function writeSet(
  prefix: string,
  site: Site,
  routes: readonly Route[],
  more: { readonly stubs?: readonly Stub[]; readonly templates?: Templates; readonly number?: number } = {},
): string {
  const set = render({ site, routes, stubs: more.stubs ?? [] }, more.templates ?? TEMPLATES);
  const generation = `${more.number ?? 1}-${set.hash}`;
  mkdirSync(join(prefix, "current"), { recursive: true });
  for (const [name, text] of set.files(generation)) writeFileSync(join(prefix, "current", name), text);
  return generation;
}

/** A table made by hand: the buckets `00/00`, `00/01`, … up to `buckets` of them, `yes` where overrides hold. */
export function writeTable(site: Site, name: string, buckets: number, yes = true): void {
  const folder = `${name}.${buckets}.${yes}`;
  const path = join(site.tables, folder);
  if (!existsSync(path)) {
    mkdirSync(path);
    for (let row = 0; row * 100 < buckets; row += 1)
      writeRow(site, join(path, twoDigits(row)), Math.min(100, buckets - row * 100));
    if (yes) writeFileSync(join(path, "yes"), "");
  }
  symlinkSync(folder, join(site.tables, name));
}

/** All rows that are full are one and the same: ten thousand files a table would take a second to write and to remove. */
function writeRow(site: Site, path: string, buckets: number): void {
  const full = join(site.tables, "full-row");
  if (buckets === 100 && path !== full) {
    if (!existsSync(full)) writeRow(site, full, 100);
    symlinkSync("../full-row", path);
    return;
  }
  mkdirSync(path);
  for (let bucket = 0; bucket < buckets; bucket += 1) writeFileSync(join(path, twoDigits(bucket)), "");
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
