import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { root } from "../support/sources.ts";

test("without a Docker Engine the test of the compose stack is skipped, says why, and counts as skipped", async () => {
  // Nowhere to find docker.
  const env = { PATH: join(root, "docs") };
  const script = join(root, "scripts/test-compose.mjs");
  const { exitCode, stdout } = await execa(process.execPath, [script], { env, extendEnv: false, reject: false });
  expect(exitCode).toBe(0);
  expect(stdout.split("\n")).toEqual([
    "test:compose: skipped, because no Docker Engine answers (docker info)",
    "0 passed, 0 failed, 1 skipped",
  ]);
});
