import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { MAIN } from "../support/main-program.ts";
import { until } from "../support/nginx.ts";
import { NODE_ARGS, root } from "../support/sources.ts";

const CACHE = join(root, "node_modules/.cache/sluice-tests");

/** A demo that runs as a process of its own, with a folder for temporary files that nobody else writes to. */
export class DemoRun implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-test-demo-"));
  readonly #child;
  #out = "";

  constructor(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.#child = execa(process.execPath, [...NODE_ARGS, MAIN, "demo", ...args], {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: CACHE,
        LANG: "C.UTF-8",
        TMPDIR: this.#folder,
        SLUICE_DEMO_PACE: "0.1",
        ...env,
      },
      extendEnv: false,
      stdin: "ignore",
      all: true,
      reject: false,
      timeout: 90_000,
      // Else execa kills it 5 s after SIGTERM, which a busy machine needs to take the demo down.
      forceKillAfterDelay: 30_000,
    });
    this.#child.all.setEncoding("utf8").on("data", (text: string) => {
      this.#out += text;
    });
  }

  /** Everything that it wrote so far. */
  get out(): string {
    return this.#out;
  }

  /** Waits until it has written `text`; fails with what it wrote where it ends before. */
  async says(text: string, limitMs = 30_000): Promise<void> {
    let over = false;
    void this.#child.then(() => {
      over = true;
    });
    await until(`the demo says "${text}"`, () => over || this.#out.includes(text), limitMs);
    if (!this.#out.includes(text)) throw new Error(`the demo ended before it said "${text}":\n${this.#out}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code, once it has ended. */
  async ended(): Promise<number | null> {
    return (await this.#child).exitCode ?? null;
  }

  /** Files in its folder for temporary files, and the command lines of processes that name it. */
  left(): readonly string[] {
    return [...readdirSync(this.#folder), ...processes().filter((line) => line.includes(this.#folder))];
  }

  /** Nginx that it started, by the folder in their command lines. */
  nginx(): readonly string[] {
    return processes().filter((line) => line.includes("nginx: master") && line.includes(this.#folder));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function processes(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        // It ended between the two looks.
        return "";
      }
    });
}
