import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Previewed } from "../core/ports.ts";
import type { Route } from "../core/route.ts";
import { readBuild } from "./command.ts";
import { unifiedDiff } from "./diff.ts";
import { Generations } from "./files.ts";
import { renderPart } from "./render.ts";
import { closingFlag, type TargetSettings } from "./settings.ts";
import type { Site } from "./site.ts";
import type { Templates } from "./template.ts";

/** The generation of files where nothing lies on disk yet. */
const FIRST = "1-00000000";

/**
 * The files that belong to one service, and those that all share, in the generation that lies on disk, as they would be with each of the routes, one after the other, among
 * the other services that are wanted. Writes nothing. Throws a `RenderError` where a value cannot be rendered.
 */
export async function previewRoutes(
  settings: TargetSettings,
  templates: Templates,
  wanted: readonly Route[],
  next: readonly Route[],
): Promise<readonly Previewed[]> {
  const { tables, status } = settings;
  const { capabilities } = await readBuild(settings.drive);
  const site: Site = { tables, status, closingFlag: closingFlag(tables), capabilities };
  const disk = await onDisk(settings.include);
  let before: Files | null = disk?.files ?? null;
  const shown: Previewed[] = [];
  for (const route of next) {
    const others = (disk?.routes ?? wanted).filter((one) => one.service !== route.service);
    const after = renderPart({ site, routes: [...others, route] }, route.service, templates, disk?.generation ?? FIRST);
    shown.push({ reload: differs(before, after), diff: diffOf(disk?.files ?? null, after) });
    before = after;
  }
  return shown;
}

type Files = ReadonlyMap<string, string>;

type OnDisk = { readonly generation: string; readonly files: Files; readonly routes: readonly Route[] };

/** What lies there; null where nothing does yet. */
async function onDisk(include: string): Promise<OnDisk | null> {
  const folder = new Generations(include);
  const generation = await folder.current();
  const manifest = generation === null ? null : await folder.manifest(generation);
  if (manifest === null || generation === null) return null;
  const names = Object.keys(manifest.files);
  const texts = await Promise.all(names.map((name) => readFile(join(folder.path(generation), name), "utf8").catch(() => "")));
  const files = new Map(names.map((name, index) => [name, texts[index] ?? ""]));
  return { generation, files, routes: manifest.routes };
}

function differs(before: Files | null, after: Files): boolean {
  return [...after].some(([name, text]) => before?.get(name) !== text);
}

function diffOf(before: Files | null, after: Files): string {
  return [...after]
    .map(([name, text]) => {
      const old = before?.get(name) ?? null;
      return unifiedDiff(old === null ? "/dev/null" : `current/${name}`, old ?? "", `next/${name}`, text);
    })
    .join("");
}
