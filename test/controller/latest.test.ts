import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { latestEvents } from "../../src/controller/events.ts";
import { Journal } from "../../src/controller/journal.ts";
import { fact } from "../../src/core/move.ts";
import type { Store } from "../../src/core/ports.ts";
import { openSqlite } from "../../src/store/sqlite.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-latest-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lines of two services in turn: `web 1`, `api 2`, `web 3` and so on. */
async function write(store: Store, count: number): Promise<void> {
  const journal = await Journal.open(store, () => ({ boot: null, offset: 0, seen: 0 }));
  for (let seq = 1; seq <= count; seq += 1) {
    const service = seq % 2 === 1 ? "web" : "api";
    await journal.commit([], [], { service, rollout: null }, [fact("started", null, `${service} ${seq}`)], { t: 1, wall: 1 });
  }
}

async function latest(store: Store, service: string | null, limit: number) {
  const { events, newest } = await latestEvents(store, { service }, limit);
  return { texts: events.map(({ text }) => text), newest };
}

test("the newest lines come in the order in which they happened, with where to follow from", async () => {
  await using store = await openSqlite(folder);
  await write(store, 7);
  expect(await latest(store, null, 3)).toEqual({ texts: ["web 5", "api 6", "web 7"], newest: 7 });
  expect(await latest(store, "api", 2)).toEqual({ texts: ["api 4", "api 6"], newest: 7 });
});

test("more are asked for than there are", async () => {
  await using store = await openSqlite(folder);
  await write(store, 2);
  expect(await latest(store, "web", 50)).toEqual({ texts: ["web 1"], newest: 2 });
});

test("where nothing has happened, a stream goes on from the beginning", async () => {
  await using store = await openSqlite(folder);
  expect(await latest(store, null, 5)).toEqual({ texts: [], newest: 0 });
});

test("they are found beyond one page of the store", async () => {
  await using store = await openSqlite(folder);
  await write(store, 1_001);
  expect((await latest(store, "api", 500)).texts).toHaveLength(500);
});
