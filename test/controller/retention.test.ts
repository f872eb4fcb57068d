import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { followEvents, listEvents } from "../../src/controller/events.ts";
import { Journal } from "../../src/controller/journal.ts";
import { type Past, Retention } from "../../src/controller/retention.ts";
import { fact } from "../../src/core/move.ts";
import type { Store, Write } from "../../src/core/ports.ts";
import type { EventView } from "../../src/core/view.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { quiet, Timeline } from "../simulation/timeline.ts";

const ALL = { service: null } as const;
let folder: string;
let store: Store;
const timeline = new Timeline();
const complaints: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-retention-"));
  store = await openSqlite(folder);
  complaints.length = 0;
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function retention(history: { events: number; rollouts: number }, past: readonly Past[] = [], on: Store = store): Retention {
  const complain = (text: string) => void complaints.push(text);
  const log = { debug: complain, info: complain, warn: complain, error: complain };
  return new Retention({ store: on, clock: timeline.clock({}), log, history, past: () => past });
}

async function write(count: number): Promise<void> {
  const journal = await Journal.open(store, () => ({ boot: null, offset: 0, seen: 0 }));
  const lines = Array.from({ length: count }, () => fact("started", null, "happened"));
  for (let from = 0; from < count; from += 100)
    await journal.commit([], [], { service: "web", rollout: null }, lines.slice(from, from + 100), { t: 1, wall: 1 });
}

async function pruneAll(one: Retention): Promise<number> {
  let rounds = 0;
  while (await one.prune()) rounds += 1;
  return rounds;
}

const put = (keys: readonly string[]) =>
  store.txn(
    [],
    keys.map((key): Write => ({ put: key, value: {} })),
  );
const keysOf = async (prefix: string) => (await store.list(prefix)).map((entry) => entry.key);
const seqs = (events: readonly EventView[]) => events.map((event) => event.seq);

describe("old events", () => {
  it("go, the oldest first and a transaction's worth at a time, until as many are left as are kept", async () => {
    await write(400);
    expect(await pruneAll(retention({ events: 100, rollouts: 5 }))).toBe(3);
    expect(seqs(await listEvents(store, ALL, { after: 0, limit: 500 }))).toEqual(Array.from({ length: 100 }, (_, i) => 301 + i));
  });

  it("leave the numbers of new ones as they are", async () => {
    await write(10);
    await pruneAll(retention({ events: 2, rollouts: 5 }));
    await write(1);
    expect(seqs(await listEvents(store, ALL, { after: 0, limit: 10 }))).toEqual([9, 10, 11]);
  });

  it("that a reader has not seen are told of, and the reader goes on after them", async () => {
    await write(10);
    await pruneAll(retention({ events: 3, rollouts: 5 }));
    const [first, ...rest] = await listEvents(store, { service: "web" }, { after: 4, limit: 10 });
    expect(first).toMatchObject({ seq: 7, kind: "reset", data: { from: 5, to: 7 } });
    expect(first?.text).toContain("events 5 to 7 are no longer kept");
    expect(seqs(rest)).toEqual([8, 9, 10]);
    expect(seqs(await listEvents(store, ALL, { after: 7, limit: 10 }))).toEqual([8, 9, 10]);
  });

  it("that go before a follower got to them are told of, too", async () => {
    await write(600);
    // As after a restart: what was written before has to be read.
    await store[Symbol.asyncDispose]();
    store = await openSqlite(folder);
    const stop = new AbortController();
    const follower = followEvents(store, ALL, 0, stop.signal)[Symbol.asyncIterator]();
    expect((await follower.next()).value).toMatchObject({ seq: 1 });
    await write(1_000);
    await pruneAll(retention({ events: 100, rollouts: 5 }));
    const found: EventView[] = [];
    while (found.at(-1)?.seq !== 1_600) found.push((await follower.next()).value as EventView);
    stop.abort();
    const jumps = found.filter((event, index) => event.seq !== (found[index - 1]?.seq ?? 1) + 1);
    expect(jumps.map((event) => event.kind)).toEqual(["reset"]);
  });
});

describe("old rollouts", () => {
  const past = (count: number, running: boolean): Past => ({ service: "web", count, revision: count, running });
  const ROLLOUTS = [1, 2, 3, 4].map((number) => `rollouts/web-${number}`);

  it("go with all that was read for them; those of a service with a longer name stay", async () => {
    await put([...ROLLOUTS, "rollouts/web-api-1", "rollouts/web-10-1", "windows/web-1/errors", "windows/web-4/errors"]);
    await put(["evidence/web-2/errors", "evidence/web-2/errors:stable", "windows/web-10/errors"]);
    await put(["hooks/web-1/0.before.0", "hooks/web-2/0.before.1.a:80", "hooks/web-3/0.before.0"]);
    await pruneAll(retention({ events: 100, rollouts: 2 }, [past(4, false)]));
    expect(await keysOf("rollouts/")).toEqual(["rollouts/web-10-1", "rollouts/web-3", "rollouts/web-4", "rollouts/web-api-1"]);
    expect(await keysOf("windows/")).toEqual(["windows/web-10/errors", "windows/web-4/errors"]);
    expect(await keysOf("evidence/")).toEqual([]);
    expect(await keysOf("hooks/")).toEqual(["hooks/web-3/0.before.0"]);
  });

  it("never go with the one that is under way, nor with the last that ended", async () => {
    await put(ROLLOUTS);
    await pruneAll(retention({ events: 100, rollouts: 1 }, [past(4, true)]));
    expect(await keysOf("rollouts/")).toEqual(["rollouts/web-3", "rollouts/web-4"]);
  });

  it("go with their revisions", async () => {
    await put(["revisions/web/000001", "revisions/web/000002", "revisions/web/000003", "revisions/web-2/000001"]);
    await pruneAll(retention({ events: 100, rollouts: 2 }, [past(3, false)]));
    expect(await keysOf("revisions/")).toEqual(["revisions/web-2/000001", "revisions/web/000002", "revisions/web/000003"]);
  });
});

describe("old revisions", () => {
  const key = (number: number) => `revisions/web/${String(number).padStart(6, "0")}`;

  it("stay where an undo needs them, however many were reverted since", async () => {
    const one = (number: number, result: string): Write => ({
      put: key(number),
      value: { number, result, to: "green", stable: result === "reverted" ? "blue" : "green" },
    });
    const reverted = Array.from({ length: 5 }, (_, index) => one(index + 4, "reverted"));
    await store.txn([], [one(1, "promoted"), one(2, "promoted"), one(3, "promoted"), ...reverted]);
    await pruneAll(retention({ events: 100, rollouts: 2 }, [{ service: "web", count: 8, revision: 8, running: false }]));
    expect(await keysOf("revisions/")).toEqual([2, 3, 7, 8].map(key));
  });
});

describe("forgetting in the background", () => {
  it("goes on after a store that refuses, and ends with the controller", async () => {
    await write(300);
    let refusing = true;
    const on: Store = Object.assign(Object.create(store) as Store, {
      list: (...args: Parameters<Store["list"]>) => store.list(...args),
      txn: async (...args: Parameters<Store["txn"]>) => {
        if (refusing) throw new Error("the disk is full");
        return store.txn(...args);
      },
    });
    const one = retention({ events: 100, rollouts: 5 }, [], on);
    one.start();
    await pass(60_000);
    expect(complaints).not.toEqual([]);
    expect((await keysOf("journal/")).length).toBe(300);
    refusing = false;
    await pass(60_000);
    expect((await keysOf("journal/")).length).toBe(100);
    one[Symbol.dispose]();
    await write(50);
    await pass(60_000);
    expect((await keysOf("journal/")).length).toBe(150);
  });
});

async function pass(ms: number): Promise<void> {
  const until = timeline.t + ms;
  while (await timeline.step(until));
  await quiet();
}
