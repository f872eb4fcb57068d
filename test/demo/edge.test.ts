import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findNginx, startEdge } from "../../src/demo/edge.ts";
import { freePort } from "../support/ports.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("nginx for the demo", () => {
  it("is found on the PATH, and in the folders that are not on the PATH of every user", async () => {
    writeFileSync(join(folder, "nginx"), "#!/bin/sh\n", { mode: 0o755 });
    expect(await findNginx({ PATH: `/nowhere:${folder}` }, [])).toBe(join(folder, "nginx"));
    expect(await findNginx({ PATH: "/nowhere" }, [folder])).toBe(join(folder, "nginx"));
  });

  it("is asked for with the commands that install it, where there is none", async () => {
    await expect(findNginx({ PATH: folder }, [])).rejects.toMatchObject({
      message: expect.stringContaining("nginx is missing"),
      hint: expect.stringContaining("apt-get install nginx"),
    });
  });

  it("that cannot start says why in nginx's own words", async () => {
    writeFileSync(join(folder, "nginx.conf"), "daemon off; nonsense;");
    const url = `http://127.0.0.1:${await freePort()}`;
    await expect(startEdge(await findNginx({ PATH: process.env.PATH }), folder, url)).rejects.toThrow(
      /nginx did not start: .*unknown directive "nonsense"/s,
    );
  });
});
