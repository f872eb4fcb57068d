import type { Build } from "./command.ts";
import { ErrorLog, findErrorLog } from "./error-log.ts";
import { type Children, childrenOf, findMaster, type Master, startOption } from "./processes.ts";
import type { TargetSettings } from "./settings.ts";

/** What nginx is up to, without asking it. `stale`: the pid file names something else, so that nothing may be signalled. */
export type Look =
  | { readonly is: "running"; readonly master: Master | null; readonly children: Children | null; readonly changed: boolean }
  | { readonly is: "down"; readonly why: string; readonly stale: boolean };

/** Watches an nginx between changes: whether it runs, whether others restarted or reloaded it, and who still lingers. */
export class Lookout {
  readonly #settings: TargetSettings;
  readonly #build: Build;
  readonly #generations = new Map<number, string>();
  #last = "";

  constructor(settings: TargetSettings, build: Build) {
    this.#settings = settings;
    this.#build = build;
  }

  /** `changed` is true where the master or its serving workers are not those of the last look or note. */
  async look(): Promise<Look> {
    const { pid } = this.#settings.drive;
    if (pid === null) return { is: "running", master: null, children: null, changed: false };
    const found = await findMaster(pid);
    if (found.is === "none") {
      this.#last = "";
      return { is: "down", why: found.why, stale: found.why.includes("not an nginx master") };
    }
    const children = await childrenOf(found.master);
    const now = identity(found.master, children);
    const changed = now !== this.#last;
    this.#last = now;
    return { is: "running", master: found.master, children, changed };
  }

  /** Remembers which workers were proved to serve a generation, and how nginx looks then. */
  note(generation: string, master: Master | null, children: Children | null): void {
    if (master === null || children === null) return;
    for (const pid of children.serving) this.#generations.set(pid, generation);
    this.#last = identity(master, children);
  }

  /** Generations whose workers are still shutting down; those that were never seen serving count as one. */
  lingering(children: Children | null): number {
    if (children === null) return 0;
    const alive = new Set([...children.serving, ...children.leaving]);
    for (const pid of this.#generations.keys()) if (!alive.has(pid)) this.#generations.delete(pid);
    return new Set(children.leaving.map((pid) => this.#generations.get(pid) ?? "unknown")).size;
  }

  /** Where the master complains, as its configuration says now; null where that is no file. */
  async errorLog(master: Master | null): Promise<ErrorLog | null> {
    const { drive } = this.#settings;
    if (drive.by === "command" || drive.config === null) return null;
    const prefix = (master === null ? null : startOption(master, "p")) ?? this.#build.prefix;
    const path = await findErrorLog(drive.config, { prefix, errorLog: this.#build.errorLog });
    return path === null ? null : new ErrorLog(path);
  }
}

function identity(master: Master, children: Children): string {
  return [master.pid, master.started, ...children.serving].join(" ");
}
