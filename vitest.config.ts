import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    globalSetup: ["test/support/leftovers.ts"],
    // Processes, not threads: tests start and kill real ones, and change nothing for each other.
    pool: "forks",
    // Tests wait for nginx, for disks and for processes, not for this processor.
    maxWorkers: 3,
    // Hundreds of short processes run the sources: each compiles them once for all.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled") },
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
