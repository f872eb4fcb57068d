import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unifiedDiff } from "../../src/nginx/diff.ts";
import { Generations } from "../../src/nginx/files.ts";
import { differences, writeFirst } from "../../src/nginx/first.ts";
import type { TargetSettings } from "../../src/nginx/settings.ts";
import { Tables } from "../../src/nginx/table.ts";
import { TEMPLATES, targetIn } from "../support/rendering.ts";
import { routeOf } from "../support/routes.ts";
import { shifted } from "../support/stage.ts";

const POOLS = { blue: ["127.0.0.1:8001"], green: ["127.0.0.1:8002"] };
const shop = routeOf(POOLS, { service: "shop", shape: { routing: "weighted" } });
const web = routeOf(POOLS);

let prefix: string;
let settings: TargetSettings;
beforeEach(() => {
  prefix = mkdtempSync(join(tmpdir(), "sluice-first-"));
  settings = targetIn(prefix);
});
afterEach(() => rmSync(prefix, { recursive: true }));

describe("writing without a controller", () => {
  test("writes a set and tables that nginx can start with, and nothing the second time", async () => {
    const first = await writeFirst(settings, TEMPLATES, [shifted(web, 500), shop]);
    expect(first).toMatchObject({ changed: true });
    expect(await new Generations(settings.include).current()).toBe(first.generation);
    using tables = new Tables(settings.tables);
    expect(tables.read("web", "green").bp).toBe(500);
    expect(await writeFirst(settings, TEMPLATES, [shifted(web, 500), shop])).toEqual({
      generation: first.generation,
      changed: false,
    });
  });

  test("changes nothing where a value cannot be rendered", async () => {
    const { generation } = await writeFirst(settings, TEMPLATES, [web, shop]);
    const bad = { ...shop, endpoints: { blue: { "no address": "ready" as const }, green: {} } };
    await expect(writeFirst(settings, TEMPLATES, [web, bad])).rejects.toThrow("shop");
    expect(await new Generations(settings.include).current()).toBe(generation);
  });

  test("shows what would change, and what was edited by hand, and writes nothing", async () => {
    const empty = await differences(settings, TEMPLATES, [shop]);
    expect(empty.diff).toContain("--- /dev/null\n+++ next/00-sluice.http.conf");
    const { generation } = await writeFirst(settings, TEMPLATES, [shop]);
    expect(await differences(settings, TEMPLATES, [shop])).toMatchObject({ diff: "", edited: [] });
    const { diff } = await differences(settings, TEMPLATES, [shifted(shop, 5_000)]);
    expect(diff).toContain("--- current/shop.http.conf\n+++ next/shop.http.conf\n@@ ");
    expect(diff).toMatch(/^\+ {4}server 127\.0\.0\.1:8002 weight=1/m);
    expect(diff).not.toContain("00-sluice");
    appendFileSync(join(settings.include, "current", "shop.http.conf"), "# mine\n");
    expect(await differences(settings, TEMPLATES, [shop])).toMatchObject({ edited: ["shop.http.conf"] });
    expect(readFileSync(join(settings.include, "current", "shop.http.conf"), "utf8")).toContain("# mine");
    expect(await new Generations(settings.include).current()).toBe(generation);
  });

  test("writes anew over an edit by hand, and keeps only a few old generations", async () => {
    await writeFirst(settings, TEMPLATES, [shop]);
    appendFileSync(join(settings.include, "current", "shop.http.conf"), "# mine\n");
    expect(await writeFirst(settings, TEMPLATES, [shop])).toMatchObject({ changed: true });
    const files = new Generations(settings.include);
    for (let share = 1; share < 8; share += 1) await writeFirst(settings, TEMPLATES, [shifted(shop, share * 100)]);
    await files.prune();
    expect(await files.manifest(`1-${(await files.current())?.split("-")[1]}`)).toBeNull();
    expect(await files.edited((await files.current()) ?? "")).toEqual([]);
  });
});

describe("a unified diff", () => {
  test("shows what changed with three lines around it", () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const after = before.flatMap((text, index) => (index === 3 ? ["new", text] : index === 15 ? [] : [text]));
    expect(unifiedDiff("a", `${before.join("\n")}\n`, "b", `${after.join("\n")}\n`)).toBe(
      [
        "--- a\n+++ b",
        "@@ -1,6 +1,7 @@\n line 0\n line 1\n line 2\n+new\n line 3\n line 4\n line 5",
        "@@ -13,7 +14,6 @@\n line 12\n line 13\n line 14\n-line 15\n line 16\n line 17\n line 18\n",
      ].join("\n"),
    );
  });

  test("is empty for equal texts, and whole for a new file", () => {
    expect(unifiedDiff("a", "x\n", "b", "x\n")).toBe("");
    expect(unifiedDiff("/dev/null", "", "b", "x\n")).toBe("--- /dev/null\n+++ b\n@@ -0,0 +1,1 @@\n+x\n");
  });
});
