import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTokens, type TokenBook } from "../../src/api/token-book.ts";
import { isToken } from "../../src/api/tokens.ts";
import { openRecorder } from "../../src/app/recorder.ts";
import { listEvents } from "../../src/controller/events.ts";
import { StoreError } from "../../src/core/errors.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { MemoryStore } from "../support/memory-store.ts";

const ANN = { name: "ann" };
const CI = { name: "ci", scope: "operate", services: ["web"], expiresInMs: null } as const;
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

let store: MemoryStore;
let wall: number;
let book: TokenBook;
beforeEach(async () => {
  store = new MemoryStore();
  wall = Date.parse("2026-01-02T03:04:05Z");
  book = await openTokens({ store, record: await openRecorder(store), now: () => wall, log, services: async () => ["web"] });
});
afterEach(() => book[Symbol.asyncDispose]());

const again = async () =>
  openTokens({ store, record: await openRecorder(store), now: () => wall, log, services: async () => ["web"] });

test("the journal says who made a token for what, and who took it back, and never the token", async () => {
  const { token } = await book.create({ ...CI, expiresInMs: 60_000 }, ANN);
  await book.revoke("ci", { name: "bob" });
  const events = await listEvents(store, { service: null }, { after: 0, limit: 10 });
  expect(events.map(({ kind, actor, text }) => [kind, actor, text])).toEqual([
    ["token", "ann", "the token ci was made: operate for web, until 2026-01-02T03:05:05.000Z"],
    ["token", "bob", "the token ci was taken back"],
  ]);
  expect(events[0]?.data).toEqual({
    token: "ci",
    is: "made",
    scope: "operate",
    services: ["web"],
    expiresAt: "2026-01-02T03:05:05.000Z",
  });
  expect(JSON.stringify(events)).not.toContain(token.slice(7, 20));
  expect(JSON.stringify(events)).not.toMatch(/[0-9a-f]{32}/);
});

test("what cannot be made leaves no line in the journal", async () => {
  await book.create(CI, ANN);
  await expect(book.create(CI, ANN)).rejects.toMatchObject({ code: "token-exists" });
  await expect(book.create({ ...CI, name: "x", services: ["wep"] }, ANN)).rejects.toMatchObject({ code: "unknown-service" });
  expect(await listEvents(store, { service: null }, { after: 0, limit: 10 })).toHaveLength(1);
});

describe("a token", () => {
  test("has the form that scanners find, and is stored as its hash alone", async () => {
    const { token } = await book.create(CI, ANN);
    expect(isToken(token)).toBe(true);
    const stored = JSON.stringify([...store.kept]);
    expect(stored).toMatch(/"hash":"[0-9a-f]{64}"/);
    expect(stored).not.toContain(token.slice(7, 30));
  });

  test("opens what it was made for, also after a restart", async () => {
    const { token } = await book.create(CI, ANN);
    const principal = { name: "ci", scopes: ["operate"], services: ["web"] };
    expect(book.verify(token)).toEqual(principal);
    expect((await again()).verify(token)).toEqual(principal);
  });

  test("is found among many, and no other is taken for it", async () => {
    const made = await Promise.all(Array.from({ length: 50 }, (_, at) => book.create({ ...CI, name: `t${at}` }, ANN)));
    for (const { token, about } of made) expect(book.verify(token)).toMatchObject({ name: about.name });
    const first = made[0]?.token ?? "";
    for (const wrong of ["", first.slice(0, -1), `${first}0`, first.toUpperCase()]) expect(book.verify(wrong)).toBeNull();
  });

  test("that was revoked opens nothing, now and after a restart", async () => {
    const { token } = await book.create(CI, ANN);
    expect(await book.revoke("ci", ANN)).toMatchObject({ name: "ci", createdBy: "ann" });
    expect(book.verify(token)).toBeNull();
    expect((await again()).verify(token)).toBeNull();
    expect([...store.kept.keys()].filter((key) => key.startsWith("token"))).toEqual([]);
    await expect(book.revoke("ci", ANN)).rejects.toMatchObject({ code: "unknown-token" });
  });

  test("ends when its time is over, and is told apart from one that nobody knows", async () => {
    const { token, about } = await book.create({ ...CI, expiresInMs: 1_000 }, ANN);
    wall += 999;
    expect(book.verify(token)).toMatchObject({ name: "ci" });
    wall += 1;
    expect(book.verify(token)).toEqual({ expired: "ci", at: about.expiresAt });
    expect(book.list()).toMatchObject([{ name: "ci", expiresAt: "2026-01-02T03:04:06.000Z" }]);
  });

  test("is told once, and shown without itself", async () => {
    const { about } = await book.create(CI, ANN);
    const { expiresInMs: _, ...shown } = CI;
    const dated = { createdAt: "2026-01-02T03:04:05.000Z", createdBy: "ann", expiresAt: null, lastUsedAt: null };
    expect(book.list()).toEqual([{ ...shown, ...dated }]);
    expect(about).toEqual(book.list()[0]);
  });
});

describe("a name", () => {
  test("is given once", async () => {
    await book.create(CI, ANN);
    await expect(book.create(CI, ANN)).rejects.toMatchObject({ code: "token-exists" });
    const both = await Promise.allSettled([book.create({ ...CI, name: "x" }, ANN), book.create({ ...CI, name: "x" }, ANN)]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test.each(["admin", "cli", "local", "sluice"])("of Sluice's own is given to nobody: %s", async (name) => {
    await expect(book.create({ ...CI, name }, ANN)).rejects.toMatchObject({ code: "token-exists" });
  });
});

test("a service that there is none of is refused, with those that there are", async () => {
  await expect(book.create({ ...CI, services: ["web", "wep"] }, ANN)).rejects.toMatchObject({
    code: "unknown-service",
    hint: "services: web",
  });
});

test("the time of the last use is kept, to the minute", async () => {
  const { token } = await book.create(CI, ANN);
  wall += 5_000;
  book.verify(token);
  expect(book.list()[0]?.lastUsedAt).toBe("2026-01-02T03:04:10.000Z");
  await book[Symbol.asyncDispose]();
  expect((await again()).list()[0]?.lastUsedAt).toBe("2026-01-02T03:04:10.000Z");
});

test("a revocation that cannot be stored says so, and the token is not half gone", async () => {
  const { token } = await book.create(CI, ANN);
  store.fails = new StoreError("full", "the disk is full");
  await expect(book.revoke("ci", ANN)).rejects.toMatchObject({ code: "full" });
  expect(book.verify(token)).toMatchObject({ name: "ci" });
  store.fails = null;
  await book.revoke("ci", ANN);
  expect(book.verify(token)).toBeNull();
});

test("what is stored as a token and is none stops the start, and lets nobody in", async () => {
  await store.txn([], [{ put: "tokens/ci", value: { name: "ci", hash: "", scope: "admin" } }]);
  await expect(again()).rejects.toMatchObject({ code: "foreign" });
});

test("the real store keeps them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-tokens-"));
  try {
    await using real = await openSqlite(folder);
    const one = await openTokens({
      store: real,
      record: await openRecorder(real),
      now: () => wall,
      log,
      services: async () => ["web"],
    });
    const { token } = await one.create(CI, ANN);
    one.verify(token);
    await one[Symbol.asyncDispose]();
    await using other = await openTokens({
      store: real,
      record: await openRecorder(real),
      now: () => wall,
      log,
      services: async () => ["web"],
    });
    expect(other.verify(token)).toMatchObject({ name: "ci" });
    expect(other.list()[0]?.lastUsedAt).not.toBeNull();
  } finally {
    await rm(folder, { recursive: true });
  }
});
