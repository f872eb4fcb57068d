import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Route } from "../../src/core/route.ts";
import { BASELINE, type Capabilities, parseCapabilities } from "../../src/nginx/capabilities.ts";
import { render, type Stub } from "../../src/nginx/render.ts";
import type { Site } from "../../src/nginx/site.ts";
import { defaultTemplates, loadTemplates, type Templates } from "../../src/nginx/template.ts";
import { freePort } from "./ports.ts";

/** What nginx 1.22 can do; later ones take it, too. */
export const DEBIAN: Capabilities = { ...BASELINE, version: "1.22.1", useridFlags: true };

export const TEMPLATES: Templates = await loadTemplates(defaultTemplates(), null);

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
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const digits = String(bucket).padStart(4, "0");
    mkdirSync(join(site.tables, folder, digits.slice(0, 2)), { recursive: true });
    writeFileSync(join(site.tables, folder, digits.slice(0, 2), digits.slice(2)), "");
  }
  mkdirSync(join(site.tables, folder), { recursive: true });
  if (yes) writeFileSync(join(site.tables, folder, "yes"), "");
  symlinkSync(folder, join(site.tables, name));
}
