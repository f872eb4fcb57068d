import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { poolOfBucket } from "../../src/nginx/bucket.ts";
import { tablesFor } from "../../src/nginx/direction.ts";
import { tableName } from "../../src/nginx/names.ts";
import { Tables } from "../../src/nginx/table.ts";
import { routeOf } from "../support/routes.ts";

const digits = (number: number) => String(number).padStart(2, "0");

test.each([0, 1, 99, 100, 1_234, 9_999, 10_000])("buckets go where the table for %i of 10 000 sends them", (bp) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bucket-"));
  using tables = new Tables(folder);
  const shares = { blue: 10_000 - bp, green: bp };
  const route = routeOf(
    { blue: ["10.0.0.1:80"], green: ["10.0.0.2:80"] },
    { shares, base: "blue", other: "green", seed: "web-7" },
  );
  const serving = { base: "blue", other: "green", usable: new Set(["blue", "green"]) };
  for (const [pool, content] of tablesFor(route, [serving]).tables) tables.set("web", pool, content);
  const poolOf = poolOfBucket(route);
  const wrong: string[] = [];
  for (let bucket = 0; bucket < 10_000; bucket += 1) {
    const slot = `${digits(Math.floor(bucket / 100))}/${digits(bucket % 100)}`;
    const pool = existsSync(join(folder, tableName("web", "green"), slot)) ? "green" : "blue";
    if (poolOf(slot) !== pool) wrong.push(slot);
  }
  expect(wrong).toEqual([]);
  expect(["yes", "no", "", "1/2"].map(poolOf)).toEqual([null, null, null, null]);
  rmSync(folder, { recursive: true, force: true });
});
