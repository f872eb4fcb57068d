import { createHash } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SCHEMA_VERSION } from "../../src/store/migrations.ts";
import { openSqlite } from "../../src/store/sqlite.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-store-"));
  file = join(folder, "sluice.db");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Opening is refused with what to do, and changes no byte of the folder. */
async function isRefused(why: RegExp): Promise<void> {
  const digest = async () =>
    createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  const before = await digest();
  await expect(openSqlite(folder)).rejects.toMatchObject({ code: "foreign", message: expect.stringMatching(why) });
  await expect(openSqlite(folder)).rejects.toThrow(/Nothing was changed. Restore it from a backup, move it away/);
  expect(await digest()).toBe(before);
  expect(await readdir(folder)).toEqual(["sluice.db"]);
}

/** A store with something in it, closed. */
async function makeStore(entries: number): Promise<void> {
  await using store = await openSqlite(folder);
  for (let i = 0; i < entries; i++) await store.txn([], [{ put: `key/${i}`, value: "x".repeat(1_000) }]);
}

describe("a database that is not ours", () => {
  test("is refused when it is no database", async () => {
    await writeFile(file, "this was a note of somebody\n".repeat(300));
    await isRefused(/cannot be read: file is not a database/);
  });

  test("is refused when another program made it", async () => {
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('keep me')");
    db.close();
    await isRefused(/a database of another program/);
  });

  test("is refused when another program marked it, even while it is empty", async () => {
    const db = new DatabaseSync(file);
    db.exec("PRAGMA application_id = 4711");
    db.close();
    await isRefused(/another program \(application id 4711/);
  });

  test("is refused when a newer Sluice wrote it", async () => {
    await makeStore(1);
    const db = new DatabaseSync(file);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    await isRefused(/a newer Sluice wrote it/);
  });

  test("is refused when a part of it is cut off", async () => {
    await makeStore(200);
    await truncate(file, (await stat(file)).size - 40_000);
    await isRefused(/cannot be read|damaged/);
  });

  test("is refused when a page of it was overwritten", async () => {
    await makeStore(200);
    const bytes = await readFile(file);
    bytes.fill(0xa5, 4_096 * 5, 4_096 * 6);
    await writeFile(file, bytes);
    await isRefused(/cannot be read|damaged/);
  });
});

describe("the state folder", () => {
  test("is made where it is missing, for its owner alone, as are its files", async () => {
    const deep = join(folder, "a", "state");
    await using store = await openSqlite(deep);
    await store.lease("test");
    await store.txn([], [{ put: "a", value: 1 }]);
    expect(((await stat(deep)).mode & 0o777).toString(8)).toBe("700");
    for (const name of await readdir(deep)) {
      expect([name, ((await stat(join(deep, name))).mode & 0o777).toString(8)]).toEqual([name, "600"]);
    }
  });

  test("is refused when others may write to it", async () => {
    await chmod(folder, 0o777);
    await expect(openSqlite(folder)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("chmod 0700"),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)("is refused when it belongs to another user, also for root", async () => {
    await chown(folder, 12_345, 12_345);
    await expect(openSqlite(folder)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/belongs to uid 12345, and this is uid 0: run as its owner/),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test("is refused with the cause where it cannot be made", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(openSqlite(join(folder, "file", "state"))).rejects.toMatchObject({ code: "unavailable" });
    await mkdir(file);
    await expect(openSqlite(folder)).rejects.toMatchObject({ code: "unavailable" });
  });
});

test("a store that was closed says so", async () => {
  const store = await openSqlite(folder);
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await expect(store.get("a")).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("was closed") });
  await expect(store.lease("a")).rejects.toMatchObject({ code: "unavailable" });
});
