import type { Ms } from "../core/units.ts";
import type { Generations } from "./files.ts";

/** How often the files are compared with what was written; rarer where there are so many that comparing takes its time. */
const EVERY_MS: Ms = 1_000;
const TIMES_LAST_LOOK = 20;

/** Notices generated files that were edited by hand. */
export class Drift {
  readonly #files: Generations;
  readonly #monotonic: () => Ms;
  #next: Ms = 0;
  #generation = "";
  #edited: readonly string[] = [];

  constructor(files: Generations, monotonic: () => Ms) {
    this.#files = files;
    this.#monotonic = monotonic;
  }

  /** What to tell people about the generation's files; null where they are as they were written. */
  async look(generation: string): Promise<string | null> {
    const start = this.#monotonic();
    if (generation !== this.#generation || start >= this.#next) {
      this.#generation = generation;
      this.#edited = await this.#files.edited(generation);
      const end = this.#monotonic();
      this.#next = end + Math.max(EVERY_MS, TIMES_LAST_LOOK * (end - start));
    }
    if (this.#edited.length === 0) return null;
    return `edited by hand in ${this.#files.folder}/current: ${this.#edited.join(", ")}; the next change of the configuration puts it right`;
  }
}
