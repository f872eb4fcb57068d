import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { troubleText } from "../../src/nginx/disk-trouble.ts";
import { Generations } from "../../src/nginx/files.ts";

test("a folder that cannot be written is named, with what to look at", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-disk-"));
  try {
    const include = join(folder, "include");
    await writeFile(include, "in the way");
    const error: unknown = await new Generations(include).open().catch((caught: unknown) => caught);
    expect(troubleText(error, include)).toMatch(/^\S+include cannot be written \(EEXIST: .*sluice doctor/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a full disk is told of where the system names no file, and everything else is as it was said", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  expect(troubleText(full, "/etc/nginx/sluice")).toContain("/etc/nginx/sluice cannot be written (ENOSPC: no space left");
  const spawn = Object.assign(new Error("spawn nginx ENOENT"), { code: "ENOENT", path: "nginx" });
  expect(troubleText(spawn, "/etc/nginx/sluice")).toBe("spawn nginx ENOENT");
  expect(troubleText("odd", "/etc/nginx/sluice")).toBe("odd");
});
