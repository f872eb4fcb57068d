import { hash } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";

/** What a file's bytes were when it looked like this from outside. */
type Seen = { readonly print: string; readonly sha256: string };

/**
 * Knows what is in files, and reads only those that may have changed since it read them last.
 *
 * Every write by whatever means moves the time of the last change (ctime), which nobody can set; only one within the same few
 * milliseconds as the change before it would be missed where the kernel's clock is coarse. Another name moves it too: then the
 * file is read again.
 */
export class Intact {
  /** By folder, then by name. */
  readonly #seen = new Map<string, Map<string, Seen>>();

  /** SHA-256 of the file, hexadecimal; null where there is no such file, or something else in its place. */
  sha256Of(path: string): string | null {
    const print = printOf(path);
    if (print === null) return null;
    const known = this.#get(path);
    if (known?.print === print) return known.sha256;
    const bytes = read(path);
    if (bytes === null) return null;
    const sha256 = hash("sha256", bytes);
    this.#set(path, { print, sha256 });
    return sha256;
  }

  forget(folder: string): void {
    this.#seen.delete(folder);
  }

  #get(path: string): Seen | undefined {
    return this.#seen.get(dirname(path))?.get(basename(path));
  }

  #set(path: string, seen: Seen): void {
    const folder = dirname(path);
    const names = this.#seen.get(folder) ?? new Map<string, Seen>();
    this.#seen.set(folder, names.set(basename(path), seen));
  }
}

/** Which file it is, its size, and when it was changed; null where there is none. */
function printOf(path: string): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}` : null;
}

function read(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
