import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { contract, expand, fillBatch, verify } from "../../examples/database-changes/changes.ts";
import { openDatabase } from "../../examples/database-changes/database.ts";
import { beat, leave } from "../../examples/database-changes/instances.ts";
import { joined, split } from "../../examples/database-changes/people.ts";
import { RELEASES } from "../../examples/database-changes/releases.ts";
import { seed } from "../../examples/database-changes/seed.ts";
import { audit } from "../../examples/database-changes/shapes.ts";
import { root } from "../support/sources.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-example-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A database as v1 left it, with some people in it. */
function before(people = 10): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  expand(database, "v1");
  seed(database, people);
  return database;
}

function expanded(people = 10): DatabaseSync {
  const database = before(people);
  expand(database, "v2");
  return database;
}

const NAMES = ["Ada Lovelace", "Plato", "Ann van Dijk", "Ünal Şahin", 'O\'Neil "x"'];

describe("what releases write side by side", () => {
  const versions = ["v1", "v2", "v3"] as const;

  for (const writer of versions) {
    test(`by ${writer} is read by each, added or renamed`, () => {
      const database = expanded();
      const people = Object.fromEntries(versions.map((version) => [version, RELEASES[version].people(database)]));
      for (const name of NAMES) {
        const id = people[writer]?.add(name) ?? 0;
        for (const reader of versions) expect(people[reader]?.find(id)?.name, `${reader} of ${name}`).toBe(name);
        for (const changed of [...NAMES, name]) {
          expect(people[writer]?.rename(id, changed)).toBe(true);
          for (const reader of versions) expect(people[reader]?.find(id)?.name, `${reader} of ${changed}`).toBe(changed);
        }
      }
      expect(audit(database)).toMatchObject({ rows: 10 + NAMES.length, unfilled: 10, apart: 0 });
    });
  }

  test("is read by v2 where no backfill has come yet", () => {
    const people = RELEASES.v2.people(expanded());
    expect([1, 2, 5].map((id) => people.find(id)?.name)).toEqual(["Ann van Dijk1", "Bo Berg2", "Single5"]);
    expect(people.find(999)).toBeNull();
  });

  test("is found where it differs", () => {
    const database = expanded();
    for (const { name } of database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()) {
      database.exec(`DROP TRIGGER ${name}`);
    }
    const [old, next] = [RELEASES.v1.people(database), RELEASES.v2.people(database)];
    next.rename(1, "Ada Lovelace");
    old.rename(1, "Grace Hopper");
    expect(audit(database).apart).toBe(1);
  });
});

describe("the parts of a name", () => {
  test("make the name again", () => {
    for (const name of [...NAMES, ""]) expect(joined(split(name))).toBe(name);
  });
});

describe("the backfill", () => {
  test("takes few rows at a time, and goes on where it was stopped", () => {
    const database = expanded(25);
    expect(() => verify(database, "v2")).toThrow("25 rows have no given_name yet");
    expect(fillBatch(database, 0, 10)).toEqual({ rows: 10, lastId: 10 });
    // Stopped here, another run begins at the start.
    expect(fillBatch(database, 0, 10)).toEqual({ rows: 10, lastId: 20 });
    expect(fillBatch(database, 20, 10)).toEqual({ rows: 5, lastId: 25 });
    expect(fillBatch(database, 0, 10)).toBeNull();
    expect(audit(database)).toMatchObject({ rows: 25, unfilled: 0, apart: 0 });
    expect(verify(database, "v2")).toBe("every row has its new shape");
  });

  test("leaves alone what was written since", () => {
    const database = expanded(3);
    RELEASES.v1.people(database).rename(2, "Grace Hopper");
    expect(fillBatch(database, 0, 10)).toMatchObject({ lastId: 3 });
    expect(RELEASES.v3.people(database).find(2)?.name).toBe("Grace Hopper");
    expect(RELEASES.v3.people(database).find(1)?.name).toBe("Ann van Dijk1");
  });
});

describe("the contract step", () => {
  const now = 1_000_000;
  const old = { address: "127.0.0.1:8003", version: "v2", needs: RELEASES.v2.needs };

  test("is refused while somebody who needs the column was there a moment ago", () => {
    const database = expanded(0);
    beat(database, old, now - 1_500);
    expect(() => contract(database, "v3", now)).toThrow("name is still needed by v2 at 127.0.0.1:8003");
    expect(audit(database).columns).toContain("name");
    leave(database, old.address);
    expect(contract(database, "v3", now)).toBe("dropped name");
  });

  test("does not wait for a process that was killed", () => {
    const database = expanded(0);
    beat(database, old, now - 2_500);
    beat(database, { address: "127.0.0.1:8001", version: "v3", needs: RELEASES.v3.needs }, now);
    expect(contract(database, "v3", now)).toBe("dropped name");
  });

  test("is refused while a row has only the old shape", () => {
    expect(() => contract(expanded(3), "v3", now)).toThrow("3 rows have no given_name yet: run the backfill first");
  });

  test("belongs to v3 alone", () => {
    expect(contract(expanded(0), "v2", now)).toBe("nothing to do");
  });
});

describe("the expand step", () => {
  test("refuses v3 where v2 never was, and what has no way back", () => {
    expect(() => expand(before(), "v3")).toThrow("v3 needs given_name, family_name, which is not there: release v2 first");
    const database = expanded(0);
    contract(database, "v3", 0);
    expect(() => expand(database, "v2")).toThrow("v2 needs name, which is not there: it was taken away, so roll forward");
    expect(audit(database).columns).toEqual(["id", "given_name", "family_name"]);
  });

  test("run twice for the same hook is done once, and noted once", async () => {
    const file = join(folder, "people.db");
    const run = (key: string, ...args: readonly string[]) =>
      execa(process.execPath, [join(root, "examples/database-changes/migrate.ts"), ...args], {
        env: { DATABASE: file, SLUICE_KEY: key },
      });
    await run("web-0.x.0", "expand", "v1");
    expect((await run("web-1.x.0", "expand", "v2")).stdout).toBe("expand v2: made given_name, family_name");
    expect((await run("web-1.x.0", "expand", "v2")).stdout).toBe("expand v2: nothing to do");
    using database = openDatabase(file);
    expect(database.prepare("SELECT key, said FROM changes ORDER BY key").all()).toEqual([
      { key: "web-0.x.0", said: "made people" },
      { key: "web-1.x.0", said: "made given_name, family_name" },
    ]);
    expect(audit(database).columns).toEqual(["id", "name", "given_name", "family_name"]);
  });

  test("that is refused says why in its last line, and ends with 1", async () => {
    const env = { DATABASE: join(folder, "other.db") };
    const migrate = join(root, "examples/database-changes/migrate.ts");
    const refused = await execa(process.execPath, [migrate, "expand", "v9"], { env, reject: false });
    expect(refused).toMatchObject({ exitCode: 1, stderr: "expand v9: refused: v9 is no version: it is one of v1, v2, v3" });
  });
});
