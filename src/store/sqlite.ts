import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreError } from "../core/errors.ts";
import type { Change, Compare, Entry, Lease, Store, Write } from "../core/ports.ts";
import { ChangeLog } from "./changes.ts";
import { storeError } from "./failure.ts";
import { ownFile, ownFolder } from "./folder.ts";
import { checkKey, type TextWrite, textWrites } from "./limits.ts";
import { type Lock, tryLock } from "./lock.ts";
import { migrate, refuseForeign } from "./migrations.ts";
import { Turns } from "./turns.ts";

/** How long a call waits for another process to finish its transaction. */
const BUSY_MS = 2_000;

/** How long transactions may follow each other before everything else gets its turn. */
const TURN_MS = 2;

/** Sorts after every key that begins with the same text, and before every other: keys hold nothing above `z`. */
const LAST = "\x7f";
/** Sorts right after the text that it is added to: keys hold nothing below `-`. */
const NEXT = "\x01";

type Row = { key: string; value: string; revision: number };
type Control = { revision: number; epoch: number; holder: string | null };

function statements(db: DatabaseSync) {
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    control: db.prepare("SELECT revision, epoch, holder FROM control"),
    setRevision: db.prepare("UPDATE control SET revision = ?"),
    setHolder: db.prepare("UPDATE control SET epoch = ?, holder = ?"),
    get: db.prepare("SELECT key, value, revision FROM entries WHERE key = ?"),
    up: db.prepare("SELECT key, value, revision FROM entries WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"),
    down: db.prepare("SELECT key, value, revision FROM entries WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?"),
    put: db.prepare("INSERT OR REPLACE INTO entries (key, value, revision) VALUES (?, ?, ?)"),
    delete: db.prepare("DELETE FROM entries WHERE key = ?"),
  } satisfies Record<string, StatementSync>;
}

/** Opens the database at `file`; what is not ours is refused before anything is written. */
function openDatabase(file: string): DatabaseSync {
  try {
    return openAs("NORMAL", file);
  } catch (error) {
    // SQLite needs a new file of 32 kB beside the database, unless the database is ours alone: then it keeps it in memory.
    const failure = storeError(error, file);
    if (!(failure instanceof StoreError) || failure.code !== "full") throw error;
    return openAs("EXCLUSIVE", file);
  }
}

function openAs(mode: "NORMAL" | "EXCLUSIVE", file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    db.exec(`PRAGMA locking_mode = ${mode}`);
    refuseForeign(db, file);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * The store of a single host: `sluice.db` in the state folder, made where it is missing.
 *
 * Calls to SQLite are synchronous: a read takes microseconds, a transaction one write to disk; between many of those, everything else
 * gets its turn. Rejects with a `StoreError`
 * (`foreign` for a file that is not ours, cannot be read, or is newer).
 */
export async function openSqlite(folder: string): Promise<Store> {
  ownFolder(folder);
  const file = join(folder, "sluice.db");
  ownFile(file, folder);
  try {
    return new SqliteStore(folder, file, openDatabase(file));
  } catch (error) {
    throw storeError(error, file);
  }
}

class SqliteStore implements Store {
  readonly #folder: string;
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof statements>;
  readonly #changes: ChangeLog;
  readonly #turns = new Turns(TURN_MS);
  /** The epoch that transactions are fenced with: null before the first lease, 0 once it was given back. */
  #epoch: number | null = null;
  #lock: Lock | null = null;
  /** Who drives, as it is stored. */
  #holder: string | null = null;

  constructor(folder: string, file: string, db: DatabaseSync) {
    this.#folder = folder;
    this.#file = file;
    this.#db = db;
    this.#sql = statements(db);
    this.#changes = new ChangeLog(this.#control().revision);
  }

  async get(key: string): Promise<Entry | null> {
    checkKey(key);
    return this.#try(() => {
      const row = this.#sql.get.get(key) as Row | undefined;
      return row === undefined ? null : entry(row);
    });
  }

  async list(prefix: string, page: { after?: string; limit?: number; reverse?: boolean } = {}): Promise<readonly Entry[]> {
    const { after, limit = -1, reverse = false } = page;
    let [from, to] = [prefix, prefix + LAST];
    if (after !== undefined && reverse && after < to) to = after;
    if (after !== undefined && !reverse && after >= from) from = after + NEXT;
    const sql = reverse ? this.#sql.down : this.#sql.up;
    return this.#try(() => (sql.all(from, to, limit) as Row[]).map(entry));
  }

  async txn(compares: readonly Compare[], writes: readonly Write[]): Promise<{ ok: true; revision: number } | { ok: false }> {
    const texts = textWrites(compares, writes);
    await this.#turns.mine();
    return this.#try(() => {
      const before = this.#transaction(() => this.#write(compares, texts));
      if (before === null) return { ok: false };
      if (texts.length === 0) return { ok: true, revision: before };
      this.#changes.append(before, before + 1, texts);
      return { ok: true, revision: before + 1 };
    });
  }

  watch(prefix: string, from: number, signal: AbortSignal): AsyncIterable<Change> {
    return this.#changes.watch(prefix, from, signal);
  }

  async lease(holder: string): Promise<Lease> {
    const lock = tryLock(join(this.#folder, "sluice.lock"), this.#folder);
    if (lock === null) throw this.#try(() => heldBy(this.#folder, this.#control().holder));
    try {
      this.#epoch = this.#try(() => this.#control()).epoch + 1;
      this.#holder = JSON.stringify({ pid: process.pid, holder, since: new Date().toISOString() });
      this.#raise();
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
    this.#lock = lock;
    return { epoch: String(this.#epoch), [Symbol.asyncDispose]: async () => this.#giveBack(lock) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#changes.close();
    this.#giveBack(this.#lock);
    if (this.#db.isOpen) this.#db.close();
  }

  /**
   * Stores the epoch and who drives. The lock is what keeps others out, so a disk that takes no writes does not take
   * the right to abort away: the next transaction stores them.
   */
  #raise(): void {
    try {
      this.#try(() => this.#transaction(() => this.#fence(this.#control())));
    } catch (error) {
      if (error instanceof StoreError && (error.code === "full" || error.code === "unavailable")) return;
      throw error;
    }
  }

  #giveBack(lock: Lock | null): void {
    if (lock === null || this.#lock !== lock) return;
    this.#lock = null;
    this.#epoch = 0;
    lock[Symbol.dispose]();
  }

  /** The revision before it, or null where a compare does not hold. Inside a transaction. */
  #write(compares: readonly Compare[], writes: readonly TextWrite[]): number | null {
    const control = this.#control();
    this.#fence(control);
    for (const { key, revision } of compares) {
      const row = this.#sql.get.get(key) as Row | undefined;
      if ((row?.revision ?? 0) !== revision) return null;
    }
    if (writes.length === 0) return control.revision;
    const revision = control.revision + 1;
    for (const { key, text } of writes) {
      if (text === null) this.#sql.delete.run(key);
      else this.#sql.put.run(key, text, revision);
    }
    this.#sql.setRevision.run(revision);
    return control.revision;
  }

  /** Stops a process that had the right to drive and has it no more. Inside a transaction. */
  #fence(control: Control): void {
    if (this.#epoch === null || this.#epoch === control.epoch) return;
    if (this.#epoch > control.epoch) {
      this.#sql.setHolder.run(this.#epoch, this.#holder);
      return;
    }
    throw new StoreError("locked", `nothing was written: this process no longer has the right to drive ${this.#folder}.`);
  }

  #control(): Control {
    return this.#sql.control.get() as Control;
  }

  #transaction<T>(work: () => T): T {
    this.#sql.begin.run();
    try {
      const result = work();
      this.#sql.commit.run();
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#sql.rollback.run();
      throw error;
    }
  }

  #try<T>(work: () => T): T {
    if (!this.#db.isOpen) throw new StoreError("unavailable", `${this.#file} was closed.`);
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.#file);
    }
  }
}

function entry(row: Row): Entry {
  return { key: row.key, value: JSON.parse(row.value), revision: row.revision };
}

function heldBy(folder: string, holder: string | null): StoreError {
  const known = holder === null ? null : (JSON.parse(holder) as { pid: number; holder: string; since: string });
  const who =
    known !== null && isAlive(known.pid) ? `${known.holder} (pid ${known.pid}, since ${known.since})` : "another process";
  return new StoreError("locked", `${folder} is driven by ${who}: use its API, or stop it first.`);
}

/** False for a process that took the lock and ended before its successor could store its own name. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
