import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** For `npm run test:compose`: needs a Docker Engine, and minutes. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, "../.."),
    include: ["test/compose/*.compose.ts"],
    environment: "node",
    globalSetup: ["test/compose/images.ts"],
    pool: "forks",
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
