import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Nothing but functions of their arguments: these files can share a process. */
const PURE = ["analysis", "config", "core"].map((folder) => `test/${folder}/**/*.test.ts`);

const EVERY = ["test/**/*.test.ts"];

const shared = {
  environment: "node" as const,
  // Processes, not threads: tests start and kill real ones, and change nothing for each other.
  pool: "forks" as const,
  // Less collecting of garbage while a file loads what it tests.
  execArgv: ["--min-semi-space-size=32", "--max-semi-space-size=32"],
  // Hundreds of short processes run the sources: each compiles them once for all.
  env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled"), TZ: "UTC" },
  testTimeout: 20_000,
  hookTimeout: 20_000,
};

export default defineConfig({
  test: {
    globalSetup: ["test/support/leftovers.ts"],
    // Tests wait for nginx, for disks and for processes, not for this processor.
    maxWorkers: 3,
    projects: [
      { test: { ...shared, name: "pure", include: PURE, isolate: false } },
      { test: { ...shared, name: "real", include: EVERY, exclude: PURE } },
    ],
  },
});
