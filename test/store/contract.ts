import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import type { Change, Store } from "../../src/core/ports.ts";

/** What a store is tested against: a place that stores can be opened at again and again. */
export type Place = AsyncDisposable & { open(): Promise<Store> };

/** The promises of the port, for every store that there is. */
export function storeContract(makePlace: () => Promise<Place>): void {
  let place: Place;
  let store: Store;

  beforeEach(async () => {
    place = await makePlace();
    store = await place.open();
  });

  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  const put = async (key: string, value: string | number = key) => {
    const done = await store.txn([], [{ put: key, value }]);
    if (!done.ok) throw new Error("a transaction without compares was refused");
    return done.revision;
  };
  const keys = async (...list: Parameters<Store["list"]>) => (await store.list(...list)).map(({ key }) => key);

  test("an absent key is null", async () => {
    expect(await store.get("services/web")).toBeNull();
  });

  test("what was put is got, with the revision of its write", async () => {
    const value = { shares: { blue: 10_000 }, none: null, list: [1, "two", true], text: "ünïcode \u0000 and 'quotes'" };
    const done = await store.txn([], [{ put: "services/web", value }]);
    expect(done).toEqual({ ok: true, revision: expect.any(Number) });
    expect(await store.get("services/web")).toEqual({ key: "services/web", value, revision: done.ok ? done.revision : -1 });
  });

  test("revisions rise from above 0 with every write", async () => {
    const [first, second] = [await put("a"), await put("a")];
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first);
    expect((await store.get("a"))?.revision).toBe(second);
  });

  test("the writes of one transaction share its revision, and leave the other keys' alone", async () => {
    const before = await put("other");
    const done = await store.txn(
      [],
      [
        { put: "a", value: 1 },
        { put: "b", value: 2 },
      ],
    );
    const revision = done.ok ? done.revision : -1;
    expect((await store.list("")).map((entry) => [entry.key, entry.revision])).toEqual([
      ["a", revision],
      ["b", revision],
      ["other", before],
    ]);
  });

  test("what was put survives closing and opening, and revisions go on", async () => {
    const before = await put("journal/1", "kept");
    await store[Symbol.asyncDispose]();
    store = await place.open();
    expect(await store.get("journal/1")).toEqual({ key: "journal/1", value: "kept", revision: before });
    expect(await put("journal/2")).toBeGreaterThan(before);
  });

  test("a deleted key is absent, and deleting an absent key is no error", async () => {
    await put("a");
    expect(await store.txn([], [{ delete: "a" }, { delete: "never" }])).toMatchObject({ ok: true });
    expect(await store.get("a")).toBeNull();
    expect(await store.list("")).toEqual([]);
  });

  test("keys sort bytewise", async () => {
    const sorted = ["A", "Z/1", "a", "a-b", "a.b", "a/1", "a/10", "a/2", "a:b", "a_b", "ab"];
    for (const key of [...sorted].reverse()) await put(key);
    expect(await keys("")).toEqual(sorted);
    expect(await keys("", { reverse: true })).toEqual([...sorted].reverse());
  });

  test("list gives the keys below a prefix and no neighbour", async () => {
    for (const key of ["s", "s/a", "s/b", "s/b/c", "s0", "t", "s-a"]) await put(key);
    expect(await keys("s/")).toEqual(["s/a", "s/b", "s/b/c"]);
    expect(await keys("s/b")).toEqual(["s/b", "s/b/c"]);
    expect(await keys("none/")).toEqual([]);
  });

  test("a list can be read page by page, in both directions", async () => {
    for (const key of ["j/1", "j/2", "j/3", "j/4", "k/1"]) await put(key);
    expect(await keys("j/", { limit: 2 })).toEqual(["j/1", "j/2"]);
    expect(await keys("j/", { limit: 2, after: "j/2" })).toEqual(["j/3", "j/4"]);
    expect(await keys("j/", { after: "j/4" })).toEqual([]);
    expect(await keys("j/", { limit: 2, reverse: true })).toEqual(["j/4", "j/3"]);
    expect(await keys("j/", { limit: 2, reverse: true, after: "j/3" })).toEqual(["j/2", "j/1"]);
    expect(await keys("j/", { after: "a" })).toEqual(["j/1", "j/2", "j/3", "j/4"]);
    expect(await keys("j/", { after: "k/1", reverse: true })).toEqual(["j/4", "j/3", "j/2", "j/1"]);
    expect(await keys("j/", { after: "k/1" })).toEqual([]);
  });

  test("a compare with the present revision holds, with an older or another one it does not", async () => {
    const old = await put("a", 1);
    const now = await put("a", 2);
    expect(await store.txn([{ key: "a", revision: old }], [{ put: "a", value: 3 }])).toEqual({ ok: false });
    expect(await store.txn([{ key: "a", revision: 0 }], [{ put: "a", value: 3 }])).toEqual({ ok: false });
    expect(await store.txn([{ key: "a", revision: now + 1 }], [{ put: "a", value: 3 }])).toEqual({ ok: false });
    expect((await store.get("a"))?.value).toBe(2);
    expect(await store.txn([{ key: "a", revision: now }], [{ put: "a", value: 3 }])).toMatchObject({ ok: true });
  });

  test("revision 0 compares with absence: before the first write, and after a delete", async () => {
    const create = () => store.txn([{ key: "active/web", revision: 0 }], [{ put: "active/web", value: "web-1" }]);
    expect(await create()).toMatchObject({ ok: true });
    expect(await create()).toEqual({ ok: false });
    await store.txn([], [{ delete: "active/web" }]);
    expect(await create()).toMatchObject({ ok: true });
  });

  test("one compare that does not hold keeps all of the writes out", async () => {
    const revision = await put("a", 1);
    const compares = [
      { key: "a", revision },
      { key: "b", revision: 7 },
    ];
    const outcome = await store.txn(compares, [{ put: "c", value: 1 }, { delete: "a" }]);
    expect(outcome).toEqual({ ok: false });
    expect((await store.list("")).map(({ key, value }) => [key, value])).toEqual([["a", 1]]);
  });

  test("compares without writes only look", async () => {
    const revision = await put("a");
    expect(await store.txn([{ key: "a", revision }], [])).toMatchObject({ ok: true });
    expect(await store.txn([{ key: "a", revision: 0 }], [])).toEqual({ ok: false });
    expect((await store.get("a"))?.revision).toBe(revision);
  });

  test("of transactions that compare the same revision, one wins", async () => {
    const revision = await put("a", 0);
    const racers = [1, 2, 3, 4, 5].map((value) => store.txn([{ key: "a", revision }], [{ put: "a", value }]));
    const won = (await Promise.all(racers)).filter(({ ok }) => ok);
    expect(won).toHaveLength(1);
  });

  test("a transaction of 128 writes is taken whole, one of 129 is refused whole with the limit", async () => {
    const writes = (n: number) => Array.from({ length: n }, (_, i) => ({ put: `many/${i}`, value: i }));
    await expect(store.txn([], writes(129))).rejects.toThrow(/129 writes is too large: the limit is 128/);
    expect(await store.list("many/")).toEqual([]);
    expect(await store.txn([], writes(128))).toMatchObject({ ok: true });
    expect(await store.list("many/")).toHaveLength(128);
  });

  test("a transaction of more than 1 MB is refused whole, counted in bytes", async () => {
    await expect(store.txn([], [{ put: "big", value: "ü".repeat(500_001) }])).rejects.toThrow(/too large/);
    expect(await store.get("big")).toBeNull();
    expect(await store.txn([], [{ put: "big", value: "x".repeat(900_000) }])).toMatchObject({ ok: true });
  });

  test("a key that is no path, and a key written twice, are refused", async () => {
    for (const key of ["", "/a", "a/", "a//b", "a b", "ä", "a\n"]) {
      await expect(store.txn([], [{ put: key, value: 1 }]), key).rejects.toThrow(TypeError);
      await expect(store.get(key), key).rejects.toThrow(TypeError);
    }
    await expect(store.txn([], [{ put: "a", value: 1 }, { delete: "a" }])).rejects.toThrow(/twice/);
  });

  test("a watch gives what came after its revision, then what comes", async () => {
    const first = await put("s/1");
    const second = await put("s/2");
    await put("t/1");
    const watched = watching(store, "s/", first);
    await watched.sees(1);
    await store.txn([], [{ put: "s/3", value: 3 }, { delete: "s/1" }, { put: "t/2", value: 0 }]);
    await watched.sees(3);
    await watched.stop();
    expect(watched.changes).toEqual([
      { is: "change", revision: second, key: "s/2", value: "s/2" },
      { is: "change", revision: second + 2, key: "s/3", value: 3 },
      { is: "change", revision: second + 2, key: "s/1", value: null },
    ]);
  });

  test("a watch from before what is kept says so, then goes on", async () => {
    for (let i = 0; i < 5_000; i += 100) {
      await store.txn(
        [],
        Array.from({ length: 100 }, (_, n) => ({ put: `s/${i + n}`, value: "x" })),
      );
    }
    const watched = watching(store, "s/", 1);
    await watched.sees(1);
    const at = watched.changes[0]?.revision ?? 0;
    expect(watched.changes[0]?.is).toBe("compacted");
    const next = await put("s/next");
    await watched.sees(2);
    await watched.stop();
    expect(watched.changes[1]).toEqual({ is: "change", revision: next, key: "s/next", value: "s/next" });
    expect(at).toBeLessThan(next);
  });

  test("a watch from a revision that this store never had is told to read anew", async () => {
    const now = await put("s/1");
    const watched = watching(store, "s/", now + 1_000);
    await watched.sees(1);
    await watched.stop();
    expect(watched.changes[0]).toEqual({ is: "compacted", revision: now });
  });

  test("a watch ends when its signal aborts, and when the store is closed", async () => {
    const [one, two] = [watching(store, "s/", 0), watching(store, "s/", 0)];
    await one.stop();
    await store[Symbol.asyncDispose]();
    await two.ended;
    store = await place.open();
  });

  test("a lease is for one at a time, and its epoch rises", async () => {
    const lease = await store.lease("first");
    const other = await place.open();
    await expect(other.lease("second")).rejects.toMatchObject({ code: "locked", message: expect.stringContaining("first") });
    await lease[Symbol.asyncDispose]();
    const next = await other.lease("second");
    expect(Number(next.epoch)).toBeGreaterThan(Number(lease.epoch));
    await other[Symbol.asyncDispose]();
    expect(Number((await store.lease("third")).epoch)).toBeGreaterThan(Number(next.epoch));
  });

  test("who gave the lease back cannot write any more, and who has it can", async () => {
    const lease = await store.lease("first");
    await put("a", 1);
    await lease[Symbol.asyncDispose]();
    await expect(store.txn([], [{ put: "a", value: 2 }])).rejects.toBeInstanceOf(StoreError);
    expect((await store.get("a"))?.value).toBe(1);
    await store.lease("again");
    await put("a", 3);
    expect((await store.get("a"))?.value).toBe(3);
  });
}

/** Collects the changes of a watch in the background. */
function watching(store: Store, prefix: string, from: number) {
  const stopper = new AbortController();
  const changes: Change[] = [];
  const ended = (async () => {
    for await (const change of store.watch(prefix, from, stopper.signal)) changes.push(change);
  })();
  return {
    changes,
    ended,
    sees: (count: number) => expect.poll(() => changes.length, { timeout: 2_000, interval: 5 }).toBeGreaterThanOrEqual(count),
    stop: async () => {
      stopper.abort();
      await ended;
    },
  };
}
