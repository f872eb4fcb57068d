import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { differences, writeFirst } from "../../src/nginx/first.ts";
import { previewRoutes } from "../../src/nginx/preview.ts";
import type { TargetSettings } from "../../src/nginx/settings.ts";
import { TEMPLATES, targetIn } from "../support/rendering.ts";
import { routeOf } from "../support/routes.ts";
import { shifted } from "../support/stage.ts";

const POOLS = { blue: ["127.0.0.1:8001"], green: ["127.0.0.1:8002"] };
const shop = routeOf(POOLS, { service: "shop", shape: { routing: "weighted" } });
const web = routeOf(POOLS);

let prefix: string;
let settings: TargetSettings;
beforeEach(() => {
  prefix = mkdtempSync(join(tmpdir(), "sluice-preview-"));
  settings = targetIn(prefix);
});
afterEach(() => rmSync(prefix, { recursive: true }));

describe("a preview of routes", () => {
  test("has the difference that rendering would show, for each route against what lies there now", async () => {
    await writeFirst(settings, TEMPLATES, [web, shop]);
    const steps = [shifted(shop, 1_000), shifted(shop, 5_000), shifted(shop, 5_000, { version: 9 })];
    const shown = await previewRoutes(settings, TEMPLATES, [web, shop], steps);
    expect(shown.map(({ reload }) => reload)).toEqual([true, true, false]);
    for (const [index, step] of steps.entries()) {
      const { diff } = await differences(settings, TEMPLATES, [web, step]);
      expect(diff).toContain("+    server 127.0.0.1:8002 weight=1");
      expect(shown[index]?.diff).toBe(diff);
    }
  });

  test("knows that a live share needs no reload, and that another default does", async () => {
    await writeFirst(settings, TEMPLATES, [web, shop]);
    const commit = { ...shifted(web, 10_000), base: "green", other: "blue" };
    const shown = await previewRoutes(settings, TEMPLATES, [web, shop], [shifted(web, 500), shifted(web, 10_000), commit]);
    expect(shown.slice(0, 2)).toEqual([
      { reload: false, diff: "" },
      { reload: false, diff: "" },
    ]);
    expect(shown[2]?.reload).toBe(true);
    expect(shown[2]?.diff).toBe((await differences(settings, TEMPLATES, [commit, shop])).diff);
    expect(shown[2]?.diff).toContain("+set $web_pool web_green;");
  });

  test("shows this service's part alone, whatever else is wanted", async () => {
    await writeFirst(settings, TEMPLATES, [web, shop]);
    const other = { ...shifted(web, 10_000), base: "green", other: "blue" };
    const [shown] = await previewRoutes(settings, TEMPLATES, [other, shop], [shifted(shop, 1_000)]);
    expect(shown?.diff).toContain("next/shop.http.conf");
    expect(shown?.diff).not.toContain("next/00-sluice.http.conf");
  });

  test("is all new where nothing lies there yet, and leaves it at that", async () => {
    const [shown] = await previewRoutes(settings, TEMPLATES, [web, shop], [shop]);
    expect(shown).toMatchObject({ reload: true, diff: expect.stringContaining("--- /dev/null\n+++ next/shop.http.conf") });
    expect(readdirSync(prefix)).toEqual([]);
  });

  test("rejects with the service and the value that cannot be rendered", async () => {
    const bad = { ...shop, endpoints: { ...shop.endpoints, green: { "no address": "ready" as const } } };
    await expect(previewRoutes(settings, TEMPLATES, [shop], [bad])).rejects.toThrow(/shop.*no address/);
  });
});
