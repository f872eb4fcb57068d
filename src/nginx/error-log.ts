import { open, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { readMainContext } from "./main-context.ts";

/** No more of the log is read at a time; what was said first is what counts. */
const MOST_BYTES = 256 * 1024;

/** The lines that an nginx wrote to its error log from a moment on. */
export class ErrorLog {
  readonly path: string;
  #from = 0;
  constructor(path: string) {
    this.path = path;
  }

  /** From now on; false where the log cannot be read, so that nothing can be concluded from silence. */
  async mark(): Promise<boolean> {
    const size = await sizeOf(this.path);
    this.#from = size ?? 0;
    return size !== null;
  }

  /** What the process `pid` complained of since the mark, in nginx's own lines. */
  async complaints(pid: number): Promise<readonly string[]> {
    const text = await this.#read();
    const own = new RegExp(`\\[(?:emerg|alert|crit)\\] ${pid}#`);
    return text.split("\n").filter((line) => own.test(line));
  }

  async #read(): Promise<string> {
    // Nothing new, as in nearly every look: one call instead of four.
    if ((await sizeOf(this.path)) === this.#from) return "";
    let file: Awaited<ReturnType<typeof open>>;
    try {
      file = await open(this.path, "r");
    } catch {
      // Without a log the proof rests on the answers and the workers alone.
      return "";
    }
    try {
      const { size } = await file.stat();
      // A log that is shorter than it was has been rotated.
      if (size < this.#from) this.#from = 0;
      const length = Math.min(size - this.#from, MOST_BYTES);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, this.#from);
      return buffer.toString("utf8");
    } finally {
      await file.close();
    }
  }
}

/**
 * The file that the master writes its complaints to: the first `error_log` of the main context that is a file, else what the
 * binary was built with. Null where that is standard error or syslog.
 */
export async function findErrorLog(
  config: string,
  built: { readonly prefix: string; readonly errorLog: string | null },
): Promise<string | null> {
  const main = await readMainContext(config, built.prefix);
  const named = main.filter((one) => one.name === "error_log").map((one) => one.args[0] ?? "");
  const path = named.length === 0 ? (built.errorLog ?? "") : (named.find(isFile) ?? "");
  if (!isFile(path)) return null;
  return isAbsolute(path) ? path : join(built.prefix === "" ? dirname(config) : built.prefix, path);
}

/** 0 for a file that is not there yet; null for one that cannot be looked at. */
function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => found.size,
    (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? 0 : null),
  );
}

function isFile(path: string): boolean {
  return path !== "" && path !== "stderr" && path !== "off" && !path.startsWith("syslog:") && !path.startsWith("memory:");
}
