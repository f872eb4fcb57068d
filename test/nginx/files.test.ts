import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changedFew } from "../../src/nginx/changed-few.ts";
import { Generations, type Manifest } from "../../src/nginx/files.ts";
import { render } from "../../src/nginx/render.ts";
import type { Site } from "../../src/nginx/site.ts";
import { DEBIAN, TEMPLATES } from "../support/rendering.ts";
import { routeOf } from "../support/routes.ts";

const site: Site = { tables: "/t", status: "127.0.0.1:1", closingFlag: "/t/closing", capabilities: DEBIAN };

let files: Generations;
let first: Manifest;
beforeEach(async () => {
  files = new Generations(mkdtempSync(join(tmpdir(), "sluice-generations-")));
  await files.open();
  first = await write("1-00000001", { "a.conf": "a\n", "b.conf": "b\n" }, null);
});
afterEach(() => rmSync(files.folder, { recursive: true }));

function write(generation: string, texts: Readonly<Record<string, string>>, before: Manifest | null): Promise<Manifest> {
  return files.write({ generation, hash: "0", routes: [], stubs: [] }, new Map(Object.entries(texts)), before);
}

const path = (generation: string, name: string) => join(files.path(generation), name);
const inode = (generation: string, name: string) => statSync(path(generation, name)).ino;
const text = (generation: string, name: string) => readFileSync(path(generation, name), "utf8");

describe("a generation", () => {
  test("writes only what changed, and shares the rest with the one before", async () => {
    await write("2-00000002", { "a.conf": "a\n", "b.conf": "new\n", "c.conf": "c\n" }, first);
    expect(inode("2-00000002", "a.conf")).toBe(inode("1-00000001", "a.conf"));
    expect(inode("2-00000002", "b.conf")).not.toBe(inode("1-00000001", "b.conf"));
    expect(text("1-00000001", "b.conf")).toBe("b\n");
    expect(text("2-00000002", "b.conf")).toBe("new\n");
    expect(await files.edited("2-00000002")).toEqual([]);
    expect(await files.manifest("2-00000002")).toMatchObject({ generation: "2-00000002" });
  });

  test("outlives the one that it shares files with", async () => {
    await write("2-00000002", { "a.conf": "a\n" }, first);
    await files.remove("1-00000001");
    expect(text("2-00000002", "a.conf")).toBe("a\n");
    expect(await files.edited("2-00000002")).toEqual([]);
  });

  test.each(["in place", "by a new file", "without a trace in its time and size"])(
    "takes nothing over from a file that was edited by hand %s",
    async (how) => {
      const file = path("1-00000001", "a.conf");
      utimesSync(file, 1, 1);
      expect(await files.edited("1-00000001")).toEqual([]);
      if (how === "in place") appendFileSync(file, "# mine\n");
      else {
        writeFileSync(how === "by a new file" ? `${file}~` : file, "x\n");
        if (how === "by a new file") renameSync(`${file}~`, file);
        utimesSync(file, 1, 1);
      }
      expect(await files.edited("1-00000001")).toEqual(["a.conf"]);
      await write("2-00000002", { "a.conf": "a\n", "b.conf": "b\n" }, first);
      expect(text("2-00000002", "a.conf")).toBe("a\n");
      expect(inode("2-00000002", "b.conf")).toBe(inode("1-00000001", "b.conf"));
      expect(await files.edited("2-00000002")).toEqual([]);
      appendFileSync(path("1-00000001", "b.conf"), "# an old generation, and this one with it\n");
      expect(await files.edited("2-00000002")).toEqual(["b.conf"]);
    },
  );

  test("is written whole where the one before has vanished", async () => {
    rmSync(files.path("1-00000001"), { recursive: true });
    await write("2-00000002", { "a.conf": "a\n", "b.conf": "b\n" }, first);
    expect(text("2-00000002", "a.conf")).toBe("a\n");
    expect(await files.edited("2-00000002")).toEqual([]);
  });
});

describe("what is tested apart", () => {
  const POOLS = { blue: ["127.0.0.1:1"], green: ["127.0.0.1:2"] };
  const shop = (index: number, share: number) =>
    routeOf(POOLS, {
      service: `s${index}`,
      shape: { routing: "weighted" },
      shares: { blue: 10_000 - share, green: share },
    });
  const set = (shares: readonly number[]) =>
    render({ site, routes: shares.map((share, index) => shop(index, share)), stubs: [] }, TEMPLATES);
  const few = async (before: readonly number[], after: readonly number[]) => {
    const disk = await files.write(
      { generation: "2-00000002", hash: "0", routes: [], stubs: [] },
      set(before).files("2-00000002"),
    );
    return changedFew(set(after), disk);
  };

  test("is the service that changes, with what all share", async () => {
    const tested = await few([100, 100, 100], [100, 200, 100]);
    expect([...(tested?.keys() ?? [])]).toEqual(["00-sluice.http.conf", "s1.http.conf"]);
  });

  test("is everything where many change, or what all share does", async () => {
    const many = Array.from({ length: 21 }, () => 100);
    expect(
      await few(
        many,
        many.map(() => 200),
      ),
    ).toBeNull();
    const live = render({ site, routes: [routeOf(POOLS)], stubs: [] }, TEMPLATES);
    expect(changedFew(live, first)).toBeNull();
  });

  test.each([
    ["not everything where there are overrides", { overrides: { header: "X-Canary", cookie: null } }, true],
    [
      "everything where there is a log too: what all share names variables of each service then",
      { log: { sample: 10_000 }, overrides: { header: "X-Canary", cookie: null } },
      false,
    ],
  ])("is %s", async (_, shape, isFew) => {
    const a = routeOf(POOLS, { service: "a", shape });
    const b = routeOf(POOLS, { service: "b", shape });
    const down = routeOf({ ...POOLS, blue: { "127.0.0.1:1": "down" } }, { service: "a", shape });
    const texts = render({ site, routes: [a, b], stubs: [] }, TEMPLATES).files("2-00000002");
    const disk = await files.write({ generation: "2-00000002", hash: "0", routes: [], stubs: [] }, texts);
    expect(changedFew(render({ site, routes: [down, b], stubs: [] }, TEMPLATES), disk) !== null).toBe(isFew);
  });
});
