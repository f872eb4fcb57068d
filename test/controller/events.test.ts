import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { followEvents, listEvents } from "../../src/controller/events.ts";
import { Journal } from "../../src/controller/journal.ts";
import { fact } from "../../src/core/move.ts";
import type { Store } from "../../src/core/ports.ts";
import { openSqlite } from "../../src/store/sqlite.ts";

const NOW = { t: 1, wall: 1 };
const ALL = { service: null } as const;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-events-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function write(store: Store, service: string, texts: readonly string[]): Promise<void> {
  const journal = await Journal.open(store, () => ({ boot: null, offset: 0, seen: 0 }));
  for (const text of texts) await journal.commit([], [], { service, rollout: null }, [fact("started", null, text)], NOW);
}

/** The texts of the first so many events that are followed. */
async function follow(
  store: Store,
  after: number,
  count: number,
  meanwhile: () => Promise<void> = async () => {},
): Promise<string[]> {
  const stop = new AbortController();
  const texts: string[] = [];
  const begun = meanwhile();
  for await (const event of followEvents(store, ALL, after, stop.signal)) {
    texts.push(event.text);
    if (texts.length === count) stop.abort();
  }
  await begun;
  return texts;
}

describe("following the journal", () => {
  it("begins with what is stored, and goes on with what is written", async () => {
    await using store = await openSqlite(folder);
    await write(store, "web", ["one", "two"]);
    expect(await follow(store, 0, 4, () => write(store, "web", ["three", "four"]))).toEqual(["one", "two", "three", "four"]);
  });

  it("begins after a number, also in a store that another process wrote", async () => {
    {
      await using store = await openSqlite(folder);
      await write(store, "web", ["one", "two", "three"]);
    }
    await using store = await openSqlite(folder);
    expect(await follow(store, 1, 3, () => write(store, "web", ["four"]))).toEqual(["two", "three", "four"]);
  });

  it("waits, and lets everything else go on, where nothing is written", async () => {
    {
      await using store = await openSqlite(folder);
      await write(store, "web", ["one"]);
    }
    await using store = await openSqlite(folder);
    const stop = new AbortController();
    const events = followEvents(store, ALL, 1, stop.signal)[Symbol.asyncIterator]();
    const next = events.next();
    // A follower that asks again and again without waiting would never let this timer run.
    await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("lists only what matches, up to a limit", async () => {
    await using store = await openSqlite(folder);
    await write(store, "web", ["one"]);
    await write(store, "shop", ["two", "three"]);
    const texts = (await listEvents(store, { service: "shop" }, { after: 0, limit: 1 })).map((event) => event.text);
    expect(texts).toEqual(["two"]);
  });
});
