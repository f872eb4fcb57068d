import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/leftovers.ts", "test/support/one-program.ts"],
    environment: "node",
    // Processes, not threads: tests start and kill real ones, and change nothing for each other.
    pool: "forks",
    // A process takes one file after the other, and loads what they share once. No file may change what belongs to its process.
    isolate: false,
    // Tests wait for nginx, for disks and for processes, not for this processor.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // Less collecting of garbage while a file loads what it tests.
    execArgv: ["--min-semi-space-size=32", "--max-semi-space-size=32"],
    // Hundreds of short processes run the sources: each compiles them once for all.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled"), TZ: "UTC" },
    // For a machine that is busy with other things: a limit costs nothing where things work.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
