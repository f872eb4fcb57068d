import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Content, servingOf, tablesFor } from "../../src/nginx/direction.ts";
import { permutation } from "../../src/nginx/permutation.ts";
import { sampleSlots, Tables } from "../../src/nginx/table.ts";
import { until } from "../support/nginx.ts";
import { routeOf } from "../support/routes.ts";
import { shifted } from "../support/stage.ts";

const EMPTY: Content = { is: "empty" };
const ALL: Content = { is: "all" };
const part = (bp: number, seed = "web-1"): Content => ({ is: "partial", bp, seed });
const there = (path: string) => statSync(path, { throwIfNoEntry: false }) !== undefined;

let folder: string;
let tables: Tables;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-tables-"));
  tables = new Tables(folder);
});
afterEach(() => {
  tables[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** The buckets of a table as nginx sees them. */
function buckets(): ReadonlySet<string> {
  const found = new Set<string>();
  for (let x = 0; x < 100; x += 1)
    for (let y = 0; y < 100; y += 1) {
      const slot = `${String(x).padStart(2, "0")}/${String(y).padStart(2, "0")}`;
      if (there(join(folder, "web.green", slot))) found.add(slot);
    }
  return found;
}

describe("a table", () => {
  test.each([1, 99, 100, 101, 2_575, 9_999])("holds exactly %i of 10 000 buckets, and where to find one", (bp) => {
    tables.set("web", "green", part(bp));
    const found = buckets();
    expect(found.size).toBe(bp);
    expect(tables.read("web", "green")).toEqual({ bp, yes: true, no: false });
    const { inside, outside } = sampleSlots(part(bp));
    expect(found.has(inside ?? "")).toBe(true);
    expect(found.has(outside ?? "")).toBe(false);
  });

  test("keeps every bucket while the share rises, and chooses others with another seed", () => {
    let before = new Set<string>() as ReadonlySet<string>;
    for (const bp of [50, 500, 730, 5_000, 9_000]) {
      tables.set("web", "green", part(bp));
      const now = buckets();
      expect([...before].filter((slot) => !now.has(slot))).toEqual([]);
      before = now;
    }
    tables.set("web", "green", part(5_000, "web-1"));
    const first = buckets();
    tables.set("web", "green", part(5_000, "web-2"));
    const both = [...buckets()].filter((slot) => first.has(slot)).length;
    expect(both).toBeGreaterThan(1_000);
    expect(both).toBeLessThan(4_000);
  });

  test("ends the overrides with the same rename that empties or fills it", () => {
    tables.set("web", "green", part(100));
    tables.set("web", "green", EMPTY);
    expect(tables.read("web", "green")).toEqual({ bp: 0, yes: false, no: false });
    tables.set("web", "green", ALL);
    expect(tables.read("web", "green")).toEqual({ bp: 10_000, yes: true, no: true });
    tables.set("web", "green", { is: "preview" });
    expect(tables.read("web", "green")).toEqual({ bp: 0, yes: true, no: false });
  });

  test("is a relative link to a directory that everybody may read, with at most 101 entries", () => {
    const mask = process.umask(0o077);
    try {
      tables.set("web", "green", part(9_950));
    } finally {
      process.umask(mask);
    }
    const target = readlinkSync(join(folder, "web.green"));
    expect(target).toMatch(/^sets\/web\.green\.\d+$/);
    expect(readdirSync(join(folder, target)).length).toBeLessThanOrEqual(101);
    expect(statSync(join(folder, target)).mode & 0o777).toBe(0o755);
    expect(statSync(folder).mode & 0o777).toBe(0o755);
  });

  test("keeps a replaced directory for a moment, then removes it", async () => {
    tables.set("web", "green", part(100));
    const old = readlinkSync(join(folder, "web.green"));
    tables.set("web", "green", part(200));
    expect(there(join(folder, old))).toBe(true);
    await until("it is removed", () => !there(join(folder, old)), 3_000);
  });

  test("is as it was after a restart, which removes what no table points to", () => {
    tables.set("web", "green", part(100));
    mkdirSync(join(folder, "sets", "web.green.99"));
    using again = new Tables(folder);
    expect(again.read("web", "green").bp).toBe(100);
    expect(readdirSync(join(folder, "sets")).length).toBe(1);
    again.set("web", "green", part(200));
    expect(again.read("web", "green").bp).toBe(200);
  });
});

describe("a table that is prepared", () => {
  const next = (...contents: readonly Content[]) =>
    tables.prepare(contents.map((content) => ({ service: "web", pool: "green", content })));
  const sets = () => readdirSync(join(folder, "sets")).sort();
  const held = (set: string) =>
    readdirSync(join(folder, "sets", set)).reduce(
      (sum, row) => sum + (row === "yes" ? 0 : readdirSync(join(folder, "sets", set, row)).length),
      0,
    );

  test("is built beside everything else, and is the one that is used", async () => {
    next(part(4_999), part(9_999));
    expect(sets()).toEqual([]);
    await until("both are built", () => sets().length === 2 && held("web.green.1") === 4_999 && held("web.green.2") === 9_999);
    expect(tables.read("web", "green").bp).toBe(0);
    tables.set("web", "green", part(9_999));
    expect(readlinkSync(join(folder, "web.green"))).toBe("sets/web.green.2");
    expect(buckets().size).toBe(9_999);
    expect(sets()).toEqual(["web.green.1", "web.green.2"]);
  });

  test("is finished at once where it is wanted before it is built", () => {
    next(part(9_999));
    tables.set("web", "green", part(9_999));
    expect(readlinkSync(join(folder, "web.green"))).toBe("sets/web.green.1");
    expect(buckets().size).toBe(9_999);
  });

  test("goes away where something else is to come next", async () => {
    next(part(2_550));
    await until("it is built", () => sets().length === 1 && held("web.green.1") === 2_550);
    next(part(5_050));
    next();
    await until("nothing is left", () => sets().length === 0);
    tables.set("web", "green", part(100));
    next(part(100));
    expect(sets()).toEqual(["web.green.3"]);
  });

  test("is built anew where somebody cleaned up in it", async () => {
    next(part(2_550));
    await until("it is built", () => sets().length === 1 && held("web.green.1") === 2_550);
    rmSync(join(folder, "sets", "web.green.1"), { recursive: true });
    tables.set("web", "green", part(2_550));
    expect(buckets().size).toBe(2_550);
  });

  test("is swept up after a crash", async () => {
    next(part(2_550));
    await until("it is built", () => sets().length === 1 && held("web.green.1") === 2_550);
    using again = new Tables(folder);
    expect(sets()).toEqual([]);
    again.set("web", "green", part(2_550));
    expect(buckets().size).toBe(2_550);
  });
});

describe("an order", () => {
  test("holds every number once, and depends on its seed alone", () => {
    expect([...permutation("a", 100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(permutation("a", 100)).toEqual(permutation("a", 100));
    expect(permutation("a", 100)).not.toEqual(permutation("b", 100));
  });
});

describe("rule 16: the tables of a service", () => {
  const POOLS = { blue: ["127.0.0.1:1"], green: ["127.0.0.1:2"] };
  const web = routeOf(POOLS);
  const promoted = { ...web, base: "green", other: "blue", shares: { green: 10_000 } };
  const said = (route: typeof web, ...rendered: (typeof web)[]) => {
    const { tables: found, waits } = tablesFor(
      route,
      rendered.map((one) => servingOf(one, route)),
    );
    return { ...Object.fromEntries([...found].map(([pool, content]) => [pool, content.is])), waits };
  };

  test.each([
    ["rest on base", web, [web], { blue: "empty", green: "empty", waits: false }],
    ["show the preview", { ...web, preview: true }, [web], { blue: "empty", green: "preview", waits: false }],
    ["hold a share", shifted(web, 500), [web], { blue: "empty", green: "partial", waits: false }],
    ["are full at the whole", shifted(web, 10_000), [web], { blue: "empty", green: "all", waits: false }],
    ["stay full while the commit is not proved", promoted, [web], { blue: "empty", green: "all", waits: false }],
    ["stay full while both serve", promoted, [web, promoted], { blue: "empty", green: "all", waits: false }],
    ["are empty once the commit is proved", promoted, [promoted], { blue: "empty", green: "empty", waits: false }],
    ["send an abort back under both", { ...web, urgent: true }, [web, promoted], { blue: "all", green: "empty", waits: false }],
    ["send an abort back under the new one", { ...web, urgent: true }, [promoted], { blue: "all", green: "empty", waits: false }],
    [
      "hold a share back until its direction is proved",
      shifted(web, 500),
      [promoted],
      { blue: "all", green: "empty", waits: true },
    ],
    ["go the safe way where nothing is known", web, [], { blue: "all", green: "empty", waits: false }],
  ])("%s", (_, route, rendered, expected) => {
    expect(said(route, ...rendered)).toEqual(expected);
  });

  test("name no pool that some serving generation does not render", () => {
    const red = {
      ...web,
      other: "red",
      shares: { red: 10_000 },
      endpoints: { ...web.endpoints, red: { "127.0.0.1:3": "ready" as const } },
    };
    expect(said(red, web)).toEqual({ waits: true });
    expect(said({ ...red, shares: { blue: 5_000, red: 5_000 } }, web)).toEqual({
      blue: "all",
      green: "empty",
      red: "empty",
      waits: true,
    });
  });

  test("do not lead to a pool of which nginx knows no member that is wanted", () => {
    const moved = { ...shifted(web, 500), endpoints: { ...web.endpoints, green: { "127.0.0.1:9": "ready" as const } } };
    expect(said(moved, web)).toEqual({ blue: "all", green: "empty", waits: true });
  });
});
