import { chmodSync, linkSync, lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** Swaps a link in one rename; a link that is there already stays in place until then. `model` is a link to the same. */
export function point(folder: string, name: string, target: string, model: string): void {
  const next = join(folder, `.next-${name}`);
  rmSync(next, { force: true });
  linkLike(model, next, target);
  renameSync(next, join(folder, name));
}

/** Where a link points, null where nothing is there; something else in its place is not ours to replace. */
export function linkOf(path: string): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (!stat.isSymbolicLink()) return null;
  return readlinkSync(path);
}

/**
 * A symbolic link as another name of one that leads to the same: a new one would need an inode, and finding a free one takes up
 * to 0.7 ms where the file system has seen much use, which would be 70 ms for a table.
 */
export function linkLike(model: string, path: string, target: string): void {
  try {
    linkSync(model, path);
  } catch {
    // The model has all the names it can have, is not there, or links are followed here (macOS); if all fails, this says why.
    symlinkSync(target, path);
  }
}

/** Workers run as another user: they need to search it, whatever our umask. */
export function openFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}
