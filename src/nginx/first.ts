import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Route } from "../core/route.ts";
import { type Build, readBuild, testApart } from "./command.ts";
import { stubsFor } from "./compose.ts";
import { unifiedDiff } from "./diff.ts";
import { servingOf, tablesFor } from "./direction.ts";
import { Generations, type Manifest } from "./files.ts";
import { type RenderedSet, render } from "./render.ts";
import { closingFlag, type TargetSettings } from "./settings.ts";
import { Tables } from "./table.ts";
import type { Templates } from "./template.ts";
import { words } from "./words.ts";

/** What a writing without a controller did. `changed` is false where all of it was there already. */
export type Written = { readonly generation: string; readonly changed: boolean };

/** What would be written, and how it differs from what lies on disk; `edited` are files that somebody changed by hand. */
export type Difference = {
  readonly files: ReadonlyMap<string, string>;
  readonly diff: string;
  readonly edited: readonly string[];
};

/**
 * Writes the set for the routes, so that nginx can start before Sluice does. Signals nothing. Throws where a value cannot be
 * rendered, or where nginx's test refuses the files; then nothing was changed.
 */
export async function writeFirst(settings: TargetSettings, templates: Templates, routes: readonly Route[]): Promise<Written> {
  const { files, disk, set, parts, build } = await rendered(settings, templates, routes);
  await files.open();
  writeTables(settings.tables, routes);
  if (disk?.hash === set.hash && (await files.edited(disk.generation)).length === 0)
    return { generation: disk.generation, changed: false };
  const tested = await testApart(settings.drive, build.prefix, settings.status, set.files("0-00000000"));
  if (tested.is === "bad") throw new Error(words(tested.text, "/sluice", "look at the services' values and templates").text);
  const generation = `${await files.nextNumber(0)}-${set.hash}`;
  await files.write({ generation, hash: set.hash, ...parts }, set.files(generation), disk);
  await files.swap(generation);
  return { generation, changed: true };
}

/** What `writeFirst` would change. Writes nothing. */
export async function differences(settings: TargetSettings, templates: Templates, routes: readonly Route[]): Promise<Difference> {
  const { files, disk, set } = await rendered(settings, templates, routes);
  const next = set.files(disk?.generation ?? `1-${set.hash}`);
  const names = [...new Set([...Object.keys(disk?.files ?? {}), ...next.keys()])].sort();
  const diffs = await Promise.all(
    names.map(async (name) => {
      const old = disk === null ? null : await readFile(join(files.path(disk.generation), name), "utf8").catch(() => null);
      const fresh = next.get(name) ?? null;
      return unifiedDiff(
        old === null ? "/dev/null" : `current/${name}`,
        old ?? "",
        fresh === null ? "/dev/null" : `next/${name}`,
        fresh ?? "",
      );
    }),
  );
  return { files: next, diff: diffs.join(""), edited: disk === null ? [] : await files.edited(disk.generation) };
}

async function rendered(settings: TargetSettings, templates: Templates, routes: readonly Route[]) {
  const files = new Generations(settings.include);
  const current = await files.current();
  const disk: Manifest | null = current === null ? null : await files.manifest(current);
  const build: Build = await readBuild(settings.drive);
  const { tables, status } = settings;
  const site = { tables, status, closingFlag: closingFlag(tables), capabilities: build.capabilities };
  const parts = { routes, stubs: stubsFor(routes, routes, disk) };
  const set: RenderedSet = render({ site, ...parts }, templates);
  return { files, disk, set, parts, build };
}

function writeTables(folder: string, routes: readonly Route[]): void {
  using tables = new Tables(folder);
  for (const route of routes.filter((one) => one.shape.routing === "live")) {
    for (const [pool, content] of tablesFor(route, [servingOf(route, route)]).tables) tables.set(route.service, pool, content);
  }
}
