import { fstatSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Log } from "../../core/ports.ts";
import type { Ms, TargetName } from "../../core/units.ts";

/** How far the files of a log were read, in bytes, by `TARGET INODE-BIRTH`: it outlives renames, and no later file has the same. */
export type Position = Readonly<Record<string, number>>;

export type FollowerInput = {
  readonly target: TargetName;
  /** The file that nginx writes to. */
  readonly path: string;
  /** Rotated above this size. */
  readonly limitBytes: number;
  /** Makes nginx open the file anew. Null where it did, else why not; null itself where that cannot be done here. */
  readonly reopen: (() => Promise<string | null>) | null;
  /** How many workers of nginx ended by a signal so far, as far as anybody knows; null where nobody can know. */
  readonly deaths: (() => Promise<number>) | null;
  readonly log: Log;
  /** Called each time that lines were lost. */
  readonly onLoss?: () => void;
  /** Gets each part of the log exactly once: whole lines. */
  readonly onText: (text: string) => void;
};

/** `path` is null where somebody else moved the file away. */
type Open = { readonly key: string; readonly handle: FileHandle; path: string | null; offset: number; grewAt: Ms };

const CHUNK_BYTES = 1 << 18;
/** A rotated file that nobody wrote to for so long has no writer any more. */
const QUIET_MS: Ms = 10_000;
/** How much is kept behind what was read, for a controller that starts anew from an older place: so much, or so many files. */
const KEPT_BYTES = 64 * 1024 * 1024;
const KEPT_FILES = 9;
/** How long nginx may take to open the file anew, before its absence is worth a word. */
const REOPEN_MS: Ms = 5_000;
/** How often nginx's error log is looked into. */
const DEATHS_EVERY_MS: Ms = 1_000;
/** How soon a rotation that nginx did not follow is tried again. */
const ROTATE_AGAIN_MS: Ms = 60_000;

/**
 * Reads a log as it grows, over rotation by anybody. Sluice's own is a rename, and a signal to nginx to open the file anew: workers write
 * to the renamed file until they do, so it is read on.
 */
export class Follower {
  readonly target: TargetName;
  /** Why nothing can be read, in words; null where it can. */
  problem: string | null = "nothing was read yet";
  /** How lines were lost the last time, and when; null where none ever was. */
  loss: { readonly how: string; readonly at: Ms } | null = null;
  readonly #in: FollowerInput;
  #files: Open[] = [];
  #started = false;
  #rotatedAt: Ms = Number.NEGATIVE_INFINITY;
  #rotateFrom: Ms = Number.NEGATIVE_INFINITY;
  #deaths: { readonly count: number; readonly at: Ms } | null = null;

  constructor(input: FollowerInput) {
    this.target = input.target;
    this.#in = input;
  }

  get position(): Position {
    return Object.fromEntries(this.#files.map(({ key, offset }) => [key, offset]));
  }

  /** Reads all that is there. At first it only finds the end of what is: what came before was read by somebody else, or never wanted. */
  async read(now: Ms): Promise<void> {
    try {
      await this.#find(this.#started ? "start" : "end", now);
      this.#started = true;
      for (const file of this.#files) await this.#readOn(file, now);
      await this.#countDeaths(now);
      await this.#tidy(now);
    } catch (error) {
      this.problem = `${this.#in.path} cannot be read (${(error as Error).message})`;
    }
  }

  /** Reads a part of the files again, from one position to another: a file that is not in `to` was opened after it. */
  async reread(from: Position, to: Position, mostBytes: number, onText: (text: string) => void): Promise<"read" | "lost"> {
    const mine = (position: Position) => Object.keys(position).filter((key) => key.startsWith(`${this.target} `));
    const there = new Set(this.#files.map(({ key }) => key));
    if (mine(from).length > 0 && !mine(from).some((key) => there.has(key))) return "lost";
    if (this.#files.some(({ key }) => (to[key] ?? 0) < (from[key] ?? 0))) return "lost";
    const parts = this.#files.flatMap((file) => {
      const start = from[file.key] ?? 0;
      const end = to[file.key] ?? 0;
      return end > start ? [{ file, start, end }] : [];
    });
    if (parts.reduce((sum, { start, end }) => sum + end - start, 0) > mostBytes) return "lost";
    try {
      for (const { file, start, end } of parts) await readLines(file.handle, start, end, onText);
      return "read";
    } catch {
      // The file was closed in between, because all of it was read long ago: what is missing of it cannot be had.
      return "lost";
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map(({ handle }) => handle.close()));
    this.#files = [];
  }

  /** Opens what is new: the file itself, and at the first time those that were rotated before. */
  async #find(from: "start" | "end", now: Ms): Promise<void> {
    const paths = from === "end" ? [...(await this.#rotated()), this.#in.path] : [this.#in.path];
    for (const path of paths) {
      const found = await stat(path).catch(absent);
      const known = this.#files.find(({ key }) => found !== null && key === this.#keyOf(found));
      if (found !== null && known === undefined) {
        const handle = await open(path, "r");
        const { size, ...opened } = await handle.stat();
        const offset = from === "end" ? await endOfLines(handle, size) : 0;
        for (const other of this.#files) if (other.path === path) other.path = null;
        this.#files.push({ key: this.#keyOf(opened), handle, path, offset, grewAt: now });
      }
      if (path === this.#in.path && found === null) await this.#missing(now);
      if (path === this.#in.path) this.problem = found === null && now - this.#rotatedAt > REOPEN_MS ? missing(path) : null;
    }
  }

  /** A rotation that was cut off before nginx heard of it: workers still write to the renamed file. */
  async #missing(now: Ms): Promise<void> {
    if (this.#files.length === 0 || now < this.#rotateFrom || now - this.#rotatedAt < REOPEN_MS) return;
    this.#rotateFrom = now + ROTATE_AGAIN_MS;
    await this.#in.reopen?.();
  }

  #keyOf({ ino, birthtimeMs }: { readonly ino: number; readonly birthtimeMs: number }): string {
    return `${this.target} ${ino}-${Math.floor(birthtimeMs)}`;
  }

  async #readOn(file: Open, now: Ms): Promise<void> {
    // Not by a thread of its own: there are several files, and this asks the kernel's memory alone.
    const { size } = fstatSync(file.handle.fd);
    if (size < file.offset) {
      this.#lose(
        now,
        "nginx's log of requests was cut short, and what was not read of it is lost (does logrotate copy and truncate it?)",
      );
      file.offset = 0;
    }
    if (size === file.offset) return;
    file.grewAt = now;
    await readLines(file.handle, file.offset, size, (text, end) => {
      file.offset = end;
      this.#in.onText(text);
    });
  }

  /** A worker that is killed takes along what it had not written yet. */
  async #countDeaths(now: Ms): Promise<void> {
    if (this.#in.deaths === null || (this.#deaths !== null && now - this.#deaths.at < DEATHS_EVERY_MS)) return;
    const count = await this.#in.deaths();
    const more = count - (this.#deaths?.count ?? count);
    this.#deaths = { count, at: now };
    if (more > 0)
      this.#lose(
        now,
        `${more} ${more === 1 ? "worker" : "workers"} of nginx ended by a signal: up to half a second of lines is lost`,
      );
  }

  #lose(at: Ms, how: string): void {
    this.loss = { how, at };
    this.#in.onLoss?.();
    this.#in.log.warn(how, { target: this.target, file: this.#in.path });
  }

  /** Rotates a file that has grown large, and removes those that are too old for any stored position to name. */
  async #tidy(now: Ms): Promise<void> {
    const current = this.#files.find(({ path }) => path === this.#in.path);
    if (current !== undefined && current.offset > this.#limitBytes && now >= this.#rotateFrom) await this.#rotate(current, now);
    for (const file of this.#old().filter(({ grewAt }) => now - grewAt > QUIET_MS)) {
      this.#files = this.#files.filter((one) => one !== file);
      await file.handle.close();
      if (file.path !== null && file.path !== this.#in.path) await rm(file.path, { force: true });
    }
  }

  /** Where somebody else has to rotate the file, it is no trouble before it is as large as all that would be kept. */
  get #limitBytes(): number {
    return this.#in.reopen === null ? Math.max(KEPT_BYTES, this.#in.limitBytes) : this.#in.limitBytes;
  }

  /** Never the current file, nor the one before it. */
  #old(): readonly Open[] {
    const count = this.#files.length;
    const newer = (at: number) => this.#files.slice(at + 1).reduce((sum, { offset }) => sum + offset, 0);
    return this.#files.filter((_, at) => at < count - KEPT_FILES || (at < count - 2 && newer(at) >= KEPT_BYTES));
  }

  async #rotate(current: Open, now: Ms): Promise<void> {
    const { path, reopen, log } = this.#in;
    this.#rotateFrom = now + ROTATE_AGAIN_MS;
    if (reopen === null) {
      log.warn("nginx's log of requests grows, and this nginx cannot be signalled to open another", { file: path });
      return;
    }
    const number = Math.max(0, ...(await this.#rotated()).map((one) => Number(one.slice(path.length + 1)))) + 1;
    const away = `${path}.${number}`;
    await rename(path, away);
    current.path = away;
    const objection = await reopen();
    if (objection === null) {
      this.#rotatedAt = now;
      this.#rotateFrom = now;
      return;
    }
    log.warn("nginx's log of requests could not be rotated", { file: path, reason: objection });
    if ((await stat(path).catch(absent)) !== null) return;
    await rename(away, path);
    current.path = path;
  }

  /** Oldest first. */
  async #rotated(): Promise<readonly string[]> {
    const { path } = this.#in;
    const names = (await readdir(dirname(path)).catch(absent)) ?? [];
    const numbers = names.flatMap((name) =>
      name.startsWith(`${basename(path)}.`) ? Number(name.slice(basename(path).length + 1)) : [],
    );
    return numbers
      .filter((one) => Number.isInteger(one) && one > 0)
      .sort((a, b) => a - b)
      .map((one) => join(dirname(path), `${basename(path)}.${one}`));
  }
}

function missing(path: string): string {
  return `${path} is not there: nginx has not opened it yet (does its http block include Sluice's files?)`;
}

/** Hands over whole lines between two offsets, in parts; `end` is the offset behind the part. */
async function readLines(
  handle: FileHandle,
  start: number,
  to: number,
  onText: (text: string, end: number) => void,
): Promise<void> {
  let at = start;
  let buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, to - start)));
  while (at < to) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return;
    const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
    if (end > 0) {
      at += end;
      onText(buffer.toString("latin1", 0, end), at);
    } else if (bytesRead < buffer.length || at + bytesRead >= to) {
      return;
    } else {
      // A line longer than the buffer: nginx writes none, so somebody else did.
      buffer = Buffer.allocUnsafe(buffer.length * 2);
    }
  }
}

/** Behind the last whole line. */
async function endOfLines(handle: FileHandle, size: number): Promise<number> {
  const length = Math.min(size, CHUNK_BYTES);
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(buffer, 0, length, size - length);
  const end = buffer.subarray(0, bytesRead).lastIndexOf(10);
  return end < 0 ? size : size - length + end + 1;
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
