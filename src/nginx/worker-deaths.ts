import { open } from "node:fs/promises";
import { readBuild } from "./command.ts";
import { findErrorLog } from "./error-log.ts";
import { findMaster, startOption } from "./processes.ts";
import type { Drive } from "./settings.ts";

/** No more of the log is read at a time. */
const MOST_BYTES = 256 * 1024;
/** Written by the master, level alert, for SIGKILL and crashes alike (ngx_process_get_status). */
const DEATH = /: worker process \d+ exited on signal \d+/g;

/** Counts workers that ended by a signal, as nginx's error log tells: what such a worker had not written yet is gone. */
export class WorkerDeaths {
  readonly #drive: Drive;
  #path: Promise<string | null> | null = null;
  #from: number | null = null;
  #count = 0;

  constructor(drive: Drive) {
    this.#drive = drive;
  }

  /** How many were seen since the first call. Stays at what it was where there is no log that can be read. */
  async count(): Promise<number> {
    this.#path ??= this.#find();
    const path = await this.#path;
    if (path === null) return this.#count;
    const text = await this.#news(path).catch(() => "");
    this.#count += text.match(DEATH)?.length ?? 0;
    return this.#count;
  }

  async #find(): Promise<string | null> {
    const drive = this.#drive;
    // Elsewhere the files of nginx are not to be had.
    if (drive.by !== "local") return null;
    try {
      const build = await readBuild(drive);
      const found = await findMaster(drive.pid);
      const prefix = (found.is === "master" ? startOption(found.master, "p") : null) ?? build.prefix;
      return await findErrorLog(drive.config, { prefix, errorLog: build.errorLog });
    } catch {
      // Whatever keeps the configuration from being read is told by those who need it.
      return null;
    }
  }

  async #news(path: string): Promise<string> {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const from = this.#from ?? size;
    // A log that is shorter than it was has been rotated.
    const start = Math.max(size < from ? 0 : from, size - MOST_BYTES);
    this.#from = size;
    if (size === start) return "";
    const { buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString("latin1");
  }
}
