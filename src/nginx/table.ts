import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Ms, PoolName, ServiceName } from "../core/units.ts";
import type { Content } from "./direction.ts";
import { tableName } from "./names.ts";
import { permutation } from "./permutation.ts";
import { logFolder } from "./settings.ts";

/** How long a replaced directory stays: a worker may be between two components of its path. Measured: removed at once, 14 misses in 1.95 million. */
const KEEP_MS: Ms = 1_000;
/** Holds the directories that were built for one share each. */
const SETS = "sets";
/** The links for the contents that never change. */
const FIXED = { empty: "empty", all: "all", preview: "preview" } as const;

/**
 * The tables that nginx looks into for each request of a `live` service.
 *
 * `SERVICE.POOL` is a relative link to a directory with an entry `XX/YY` for each bucket that goes to the pool. A change builds
 * the next directory beside it and swaps the link with one rename, which holds for every worker from its next request on.
 * Everything here is synchronous: a swap must not wait behind anything else that the process does.
 */
export class Tables implements Disposable {
  readonly folder: string;
  readonly #contents = new Map<string, Content>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #next: number;

  constructor(folder: string) {
    this.folder = folder;
    this.#next = layOut(folder);
  }

  /** Makes the pool's table hold `content`; true where something changed. */
  set(service: ServiceName, pool: PoolName, content: Content): boolean {
    const name = tableName(service, pool);
    const known = this.#contents.get(name);
    if (known !== undefined && same(known, content)) return false;
    const target = content.is === "partial" ? this.#build(name, content.bp, content.seed) : FIXED[content.is];
    const old = linkOf(join(this.folder, name));
    if (old !== target) this.#point(name, target);
    this.#contents.set(name, content);
    if (old === target) return false;
    if (old?.startsWith(`${SETS}/`)) this.#removeLater(old);
    return true;
  }

  /** What the disk says of a table, read anew: entries that go to the pool, and the overrides. */
  read(service: ServiceName, pool: PoolName): { readonly bp: number; readonly yes: boolean; readonly no: boolean } {
    const path = join(this.folder, tableName(service, pool));
    if (linkOf(path) === null) return { bp: 0, yes: false, no: false };
    const entries = readdirSync(path);
    const rows = entries.filter((entry) => /^\d\d$/.test(entry));
    const bp = rows.reduce((sum, row) => sum + readdirSync(join(path, row)).length, 0);
    return { bp, yes: entries.includes("yes"), no: entries.includes("no") };
  }

  /** Forgets what it believes of the tables, so that the next `set` looks at the disk. */
  distrust(): void {
    this.#contents.clear();
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** The way back to empty lies ready beside the table, so that it needs no room on the disk. */
  #point(name: string, target: string): void {
    const ready = join(this.folder, `.empty-${name}`);
    if (target === FIXED.empty && linkOf(ready) === target) {
      renameSync(ready, join(this.folder, name));
      return;
    }
    point(this.folder, name, target, target.includes("/") ? null : join(this.folder, `.to-${target}`));
    if (linkOf(ready) === null) linkLike(join(this.folder, `.to-${FIXED.empty}`), ready, FIXED.empty);
  }

  #build(name: string, bp: number, seed: string): string {
    const target = `${SETS}/${name}.${this.#next++}`;
    const path = join(this.folder, target);
    openFolder(path);
    const rows = permutation(`${seed} x`, 100);
    const whole = Math.floor(bp / 100);
    const first = join(path, "yes");
    symlinkSync("../../full", first);
    for (const row of rows.slice(0, whole)) linkLike(first, join(path, digits(row)), "../../full");
    const rest = bp % 100;
    if (rest > 0) {
      const partial = join(path, digits(rows[whole] ?? 0));
      openFolder(partial);
      const one = join(this.folder, "full", "00");
      for (const column of permutation(`${seed} y`, 100).slice(0, rest)) linkSync(one, join(partial, digits(column)));
    }
    return target;
  }

  #removeLater(target: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      rmSync(join(this.folder, target), { recursive: true, force: true });
    }, KEEP_MS);
    timer.unref();
    this.#timers.add(timer);
  }
}

/** A slot that goes to the pool and one that does not, to ask nginx about; null where there is none. */
export function sampleSlots(content: Content): { readonly inside: string | null; readonly outside: string | null } {
  switch (content.is) {
    case "empty":
    case "preview":
      return { inside: content.is === "preview" ? "yes" : null, outside: "00/00" };
    case "all":
      return { inside: "00/00", outside: null };
    case "partial": {
      const rows = permutation(`${content.seed} x`, 100);
      const columns = permutation(`${content.seed} y`, 100);
      const slot = (bucket: number) => `${digits(rows[Math.floor(bucket / 100)] ?? 0)}/${digits(columns[bucket % 100] ?? 0)}`;
      return { inside: slot(content.bp - 1), outside: slot(content.bp) };
    }
  }
}

/**
 * A symbolic link as another name of one that leads to the same: a new one would need an inode, and finding a free one takes up
 * to 0.7 ms where the file system has seen much use, which would be 70 ms for a table.
 */
function linkLike(model: string, path: string, target: string): void {
  try {
    linkSync(model, path);
  } catch {
    // The model has all the names it can have, is not there, or links are followed here (macOS); if all fails, this says why.
    symlinkSync(target, path);
  }
}

/** Creates what never changes, removes what a crash left behind; returns the next free number of a directory. */
function layOut(folder: string): number {
  openFolder(folder);
  for (const name of ["full", "empty", "all", "preview", SETS]) openFolder(join(folder, name));
  const buckets = Array.from({ length: 100 }, (_, index) => digits(index));
  openFolder(logFolder(folder));
  ensureFile(join(folder, ".probe"));
  ensureFile(join(folder, "full", "00"));
  for (const bucket of buckets) ensure(join(folder, "full", bucket), (path) => linkSync(join(folder, "full", "00"), path));
  for (const entry of [...buckets, "yes", "no"]) ensure(join(folder, "all", entry), (path) => symlinkSync("../full", path));
  ensure(join(folder, "preview", "yes"), (path) => symlinkSync("../full", path));
  for (const name of Object.values(FIXED)) ensureLink(join(folder, `.to-${name}`), name);
  return sweep(folder);
}

/** Workers run as another user: they need to search it, whatever our umask. */
function openFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

function sweep(folder: string): number {
  const entries = readdirSync(folder);
  for (const left of entries.filter((entry) => entry.startsWith(".next-"))) unlinkSync(join(folder, left));
  const used = new Set(entries.map((entry) => linkOf(join(folder, entry))));
  let highest = 0;
  for (const set of readdirSync(join(folder, SETS))) {
    highest = Math.max(highest, Number(set.slice(set.lastIndexOf(".") + 1)) || 0);
    if (!used.has(`${SETS}/${set}`)) rmSync(join(folder, SETS, set), { recursive: true, force: true });
  }
  return highest + 1;
}

function ensure(path: string, make: (path: string) => void): void {
  if (!existsSync(path)) make(path);
}

function ensureLink(path: string, target: string): void {
  if (linkOf(path) === null) symlinkSync(target, path);
}

function ensureFile(path: string): void {
  ensure(path, () => writeFileSync(path, "", { mode: 0o644 }));
  chmodSync(path, 0o644);
}

/** Swaps a link in one rename; a link that is there already stays in place until then. `model` may be a link to the same. */
export function point(folder: string, name: string, target: string, model: string | null = null): void {
  const next = join(folder, `.next-${name}`);
  rmSync(next, { force: true });
  if (model === null) symlinkSync(target, next);
  else linkLike(model, next, target);
  renameSync(next, join(folder, name));
}

/** Where a link points, null where nothing is there; something else in its place is not ours to replace. */
export function linkOf(path: string): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (!stat.isSymbolicLink()) return null;
  return readlinkSync(path);
}

function same(a: Content, b: Content): boolean {
  if (a.is !== b.is) return false;
  return a.is !== "partial" || b.is !== "partial" || (a.bp === b.bp && a.seed === b.seed);
}

function digits(bucket: number): string {
  return String(bucket).padStart(2, "0");
}
