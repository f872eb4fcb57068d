import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { PoolName, ServiceName } from "../core/units.ts";
import { digits, slotOf } from "./buckets.ts";
import type { Content } from "./direction.ts";
import { linkLike, linkOf, openFolder, point } from "./links.ts";
import { tableName } from "./names.ts";
import { logFolder } from "./settings.ts";
import { SETS, TableSets } from "./table-sets.ts";

/** The links for the contents that never change. */
const FIXED = { empty: "empty", all: "all", preview: "preview" } as const;

/** What a table may have to hold next. */
export type Preparation = { readonly service: ServiceName; readonly pool: PoolName; readonly content: Content };

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
  readonly #sets: TableSets;

  constructor(folder: string) {
    this.folder = folder;
    this.#sets = new TableSets(folder, layOut(folder));
  }

  /** Makes the pool's table hold `content`; true where something changed. */
  set(service: ServiceName, pool: PoolName, content: Content): boolean {
    const name = tableName(service, pool);
    const known = this.#contents.get(name);
    if (known !== undefined && same(known, content)) return false;
    const target = content.is === "partial" ? this.#sets.take(name, content) : FIXED[content.is];
    const old = linkOf(join(this.folder, name));
    if (old !== target) this.#point(name, target);
    this.#contents.set(name, content);
    if (old === target) return false;
    if (old?.startsWith(`${SETS}/`)) this.#sets.removeLater(old);
    return true;
  }

  /** Gets ready for what may be set next, beside everything else; what it was told before and is not told now is forgotten. */
  prepare(next: readonly Preparation[]): void {
    const wanted = next.flatMap(({ service, pool, content }) => {
      const table = tableName(service, pool);
      const known = this.#contents.get(table);
      if (content.is !== "partial" || (known !== undefined && same(known, content))) return [];
      return [{ table, part: content }];
    });
    this.#sets.prepare(wanted);
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
    this.#sets[Symbol.dispose]();
  }

  /** The way back to empty lies ready beside the table, so that it needs no room on the disk. */
  #point(name: string, target: string): void {
    const ready = join(this.folder, `.empty-${name}`);
    if (target === FIXED.empty && linkOf(ready) === target) {
      renameSync(ready, join(this.folder, name));
      return;
    }
    if (target.startsWith(`${SETS}/`)) renameSync(this.#sets.linkTo(target), join(this.folder, name));
    else point(this.folder, name, target, join(this.folder, `.to-${target}`));
    if (linkOf(ready) === null) linkLike(join(this.folder, `.to-${FIXED.empty}`), ready, FIXED.empty);
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
      const { bp, seed } = content;
      return { inside: slotOf(seed, bp - 1), outside: slotOf(seed, bp) };
    }
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

function same(a: Content, b: Content): boolean {
  if (a.is !== b.is) return false;
  return a.is !== "partial" || b.is !== "partial" || (a.bp === b.bp && a.seed === b.seed);
}
