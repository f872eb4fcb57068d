import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findChromium } from "../../scripts/chromium.mjs";
import { whyBuild } from "../../scripts/dashboard.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-set-up-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file that was changed at a time, in seconds. */
function file(path: string, changedAt: number): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), "");
  utimesSync(join(folder, path), changedAt, changedAt);
}

test("the dashboard is built where it is missing, or any of its sources is newer", () => {
  for (const path of ["src/dashboard/style/main.css", "vite.config.ts", "package-lock.json"]) file(path, 1_000);
  expect(whyBuild(folder)).toMatch(/not built/);
  file("dist/dashboard/index.html", 2_000);
  expect(whyBuild(folder)).toBeNull();
  file("src/dashboard/style/main.css", 3_000);
  expect(whyBuild(folder)).toMatch(/newer/);
});

test("a browser is found under any of its names, where it can be run", () => {
  expect(findChromium(folder)).toBeNull();
  file("chromium-browser", 1_000);
  expect(findChromium(folder)).toBeNull();
  chmodSync(join(folder, "chromium-browser"), 0o755);
  expect(findChromium(folder)).toBe(join(folder, "chromium-browser"));
});
