import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type Examined, fail, ok } from "./examined.ts";

/** Whether Sluice can write into a folder, or make it where it is missing. `name` is the setting that says where it is. */
export async function examineFolder(name: string, folder: string): Promise<Examined> {
  const there = await nearest(folder);
  const user = process.geteuid?.() ?? 0;
  if (!there.isFolder)
    return fail("folders", `${name}: ${there.path} is no folder`, `move it away, or set ${name} to another folder`);
  const writable = await access(there.path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (there.path === folder && writable) return ok("folders", `${name}: ${folder} can be written`);
  if (writable) return ok("folders", `${name}: ${folder} is not there yet and can be made`);
  const fix =
    there.path === folder ? `chown ${user} ${folder}` : `mkdir -p ${folder} && chown ${user} ${folder}, as a user that may`;
  return fail("folders", `${name}: uid ${user} cannot write into ${there.path}`, `${fix}; or run as its owner`);
}

/** The folder, or the nearest one above it that is there. */
async function nearest(path: string): Promise<{ readonly path: string; readonly isFolder: boolean }> {
  const found = await stat(path).catch(() => null);
  if (found !== null) return { path, isFolder: found.isDirectory() };
  return dirname(path) === path ? { path, isFolder: true } : nearest(dirname(path));
}
