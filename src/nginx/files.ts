import { hash } from "node:crypto";
import { linkSync } from "node:fs";
import { lstat, mkdir, open, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { Route } from "../core/route.ts";
import { Intact } from "./intact.ts";
import type { Stub } from "./render.ts";

/** A generation as it lies on disk: what it was rendered from, and the hash of each file's bytes. */
export type Manifest = {
  readonly generation: string;
  /** Over names and bytes without the generation. */
  readonly hash: string;
  readonly routes: readonly Route[];
  readonly stubs: readonly Stub[];
  /** SHA-256 by file name. */
  readonly files: Readonly<Record<string, string>>;
};

/** What is under way while the marker stands: `to` is on disk and not proved; `from` is what to go back to. */
export type Pending = { readonly from: string | null; readonly to: string };

const MANIFEST = "generation.json";
const FOLDER = /^gen-(\d+)-[0-9a-f]+$/;
/** Old generations that stay, for people to compare with. */
const KEEP = 3;
/** Files that are written and synced at a time. */
const AT_ONCE = 8;
/** Files that are linked or compared before everything else gets its turn: about half a millisecond. */
const PER_TURN = 16;

/**
 * The folder that Sluice writes for nginx: `gen-N-HASH/` folders, and `current`, a relative link to one of them.
 *
 * A generation is complete before it gets its name, and `current` changes with one rename. While a generation is not proved,
 * `pending` names it and the one before. So a crash at any instant leaves a complete set, and start-up knows whether to trust it.
 */
export class Generations {
  readonly folder: string;
  readonly #intact = new Intact();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Creates the folder, removes half-written left-overs; throws where something that is not ours is in the way. */
  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await this.current();
    for (const name of await readdir(this.folder)) {
      if (name.startsWith(".new-") || name.startsWith(".next-"))
        await rm(join(this.folder, name), { recursive: true, force: true });
    }
  }

  /** The generation that `current` points to, or null where there is none yet. */
  async current(): Promise<string | null> {
    const path = join(this.folder, "current");
    const stat = await lstat(path).catch(absent);
    if (stat === null) return null;
    const target = stat.isSymbolicLink() ? await readlink(path) : "";
    if (!FOLDER.test(target))
      throw new Error(`${path} is not a link that Sluice made; move it away, or set nginx.include to another folder`);
    return target.slice("gen-".length);
  }

  async manifest(generation: string): Promise<Manifest | null> {
    const text = await readFile(join(this.path(generation), MANIFEST), "utf8").catch(absent);
    return text === null ? null : (JSON.parse(text) as Manifest);
  }

  path(generation: string): string {
    return join(this.folder, `gen-${generation}`);
  }

  /** A number that no generation on disk has, and that is above `atLeast` (what nginx serves, where the folder was lost). */
  async nextNumber(atLeast: number): Promise<number> {
    const numbers = ((await readdir(this.folder).catch(absent)) ?? []).map((name) => Number(FOLDER.exec(name)?.[1] ?? 0));
    return Math.max(atLeast, 0, ...numbers) + 1;
  }

  /**
   * Writes a complete generation beside the live one. Nothing looks at it until `swap`.
   *
   * A file that is the same as in `before`, and lies there as it was written, becomes another name of that one, which is on
   * disk already: of a thousand services only those that change cost a write. One that was edited by hand is written anew.
   */
  async write(
    manifest: Omit<Manifest, "files">,
    files: ReadonlyMap<string, string>,
    before: Manifest | null = null,
  ): Promise<Manifest> {
    const fresh = join(this.folder, `.new-${manifest.generation}`);
    await rm(fresh, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
    // Not both at once: where the disk is read-only, a recursive one says that there is no such folder.
    await mkdir(fresh, { mode: 0o755 });
    const whole = { ...manifest, files: Object.fromEntries([...files].map(([name, text]) => [name, sha256(text)])) };
    await Promise.all([
      writeSynced(join(fresh, MANIFEST), `${JSON.stringify(whole)}\n`),
      this.#linkAll(whole, files, before, fresh).then((rest) => writeAll(fresh, rest)),
    ]);
    await syncFolder(fresh);
    await rename(fresh, this.path(manifest.generation));
    await syncFolder(this.folder);
    return whole;
  }

  /** Returns the files that have to be written. */
  async #linkAll(
    to: Manifest,
    files: ReadonlyMap<string, string>,
    from: Manifest | null,
    folder: string,
  ): Promise<readonly (readonly [string, string])[]> {
    if (from === null) return [...files];
    const rest: (readonly [string, string])[] = [];
    for (const [index, file] of [...files].entries()) {
      if (index % PER_TURN === 0) await turn();
      if (!this.#link(file[0], to, from, folder)) rest.push(file);
    }
    return rest;
  }

  /** False where the file is not the same, was edited, or cannot be linked. */
  #link(name: string, to: Manifest, from: Manifest, folder: string): boolean {
    const sha = to.files[name];
    const old = join(this.path(from.generation), name);
    if (sha === undefined || from.files[name] !== sha || this.#intact.sha256Of(old) !== sha) return false;
    try {
      linkSync(old, join(folder, name));
      return true;
    } catch {
      // This file system has no such links, or the file has all that it can have: then it is written.
      return false;
    }
  }

  /** Points `current` at a generation, in one rename. */
  async swap(generation: string): Promise<void> {
    const next = join(this.folder, ".next-current");
    await rm(next, { force: true });
    await symlink(`gen-${generation}`, next);
    await rename(next, join(this.folder, "current"));
    await syncFolder(this.folder);
  }

  async pending(): Promise<Pending | null> {
    const text = await readFile(join(this.folder, "pending"), "utf8").catch(absent);
    return text === null ? null : (JSON.parse(text) as Pending);
  }

  /** Sets the marker, or takes it away with null. */
  async mark(pending: Pending | null): Promise<void> {
    const path = join(this.folder, "pending");
    if (pending === null) await rm(path, { force: true });
    else {
      await writeSynced(join(this.folder, ".next-pending"), `${JSON.stringify(pending)}\n`);
      await rename(join(this.folder, ".next-pending"), path);
    }
    await syncFolder(this.folder);
  }

  /** Undoes a swap that was never proved: back to what was before, where there was something. */
  async restore(pending: Pending): Promise<void> {
    if (pending.from !== null && (await this.manifest(pending.from)) !== null) await this.swap(pending.from);
    await this.mark(null);
  }

  async remove(generation: string): Promise<void> {
    this.#intact.forget(this.path(generation));
    await rm(this.path(generation), { recursive: true, force: true });
  }

  /** Names of files in the generation that are not as they were written: edited, removed or added by hand. */
  async edited(generation: string): Promise<readonly string[]> {
    const manifest = await this.manifest(generation);
    if (manifest === null) return [MANIFEST];
    const names = await readdir(this.path(generation));
    const added = names.filter((name) => name !== MANIFEST && manifest.files[name] === undefined);
    const changed: string[] = [];
    for (const [index, [name, sha]] of Object.entries(manifest.files).entries()) {
      if (index % PER_TURN === 0) await turn();
      if (this.#intact.sha256Of(join(this.path(generation), name)) !== sha) changed.push(name);
    }
    return [...changed, ...added].sort();
  }

  /** Removes old generations but the newest few; a folder that holds a file that is not in its manifest stays. */
  async prune(): Promise<void> {
    const current = await this.current();
    const numbered = (await readdir(this.folder))
      .flatMap((name) => (FOLDER.test(name) ? [{ generation: name.slice(4), number: Number(FOLDER.exec(name)?.[1]) }] : []))
      .filter((one) => one.generation !== current)
      .sort((a, b) => b.number - a.number);
    for (const { generation } of numbered.slice(KEEP)) if (await this.#isOurs(generation)) await this.remove(generation);
  }

  async #isOurs(generation: string): Promise<boolean> {
    const manifest = await this.manifest(generation);
    const names = await readdir(this.path(generation));
    return manifest !== null && names.every((name) => name === MANIFEST || manifest.files[name] !== undefined);
  }
}

async function writeAll(folder: string, files: readonly (readonly [string, string])[]): Promise<void> {
  for (let at = 0; at < files.length; at += AT_ONCE)
    await Promise.all(files.slice(at, at + AT_ONCE).map(([name, text]) => writeSynced(join(folder, name), text)));
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function sha256(text: string): string {
  return hash("sha256", text);
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
