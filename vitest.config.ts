import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    globalSetup: ["test/support/leftovers.ts"],
    // Processes, not threads: tests start and kill real ones, and change nothing for each other.
    pool: "forks",
    // Tests wait for nginx, for disks and for processes, not for this processor.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
