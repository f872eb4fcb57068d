import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storedAnswers } from "../../src/api/answers.ts";
import { Refusal, StoreError } from "../../src/core/errors.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { ApiUnderTest } from "./api-under-test.ts";

const START = "/v1/services/web/rollouts";
const ABORT = "/v1/services/web/rollout/abort";
const DAY_MS = 24 * 60 * 60_000;

let api: ApiUnderTest;
beforeEach(async () => {
  api = await ApiUnderTest.start();
});
afterEach(() => api[Symbol.asyncDispose]());

const starts = () => api.control.calls.filter(({ call }) => call === "start").length;
const start = (key: string, body: object = { strategy: "canary" }, headers = {}) =>
  api.post(START, body, { "idempotency-key": key, ...headers });

test("the same request with the same key is done once, and answered the same", async () => {
  const first = await start("k1");
  const second = await start("k1");
  expect(first.status).toBe(201);
  expect(second).toMatchObject({ status: 201, body: first.body });
  expect(second.headers).toMatchObject({ location: first.headers.location, "idempotency-replayed": "true" });
  expect(first.headers["idempotency-replayed"]).toBeUndefined();
  expect(starts()).toBe(1);
});

test("a key in quotes is the key without them", async () => {
  await start("k1");
  expect((await start('"k1"')).headers["idempotency-replayed"]).toBe("true");
});

test("requests without a key, or with another, are done each", async () => {
  await api.post(START, { strategy: "canary" });
  await start("k1");
  await start("k2");
  expect(starts()).toBe(3);
});

test.each([
  ["another body", START, { strategy: "blue-green" }, {}],
  ["another path", "/v1/services/web/switch", {}, {}],
  ["another If-Match", START, { strategy: "canary" }, { "if-match": '"x"' }],
])("the same key with %s is 422", async (_what, path, body, headers) => {
  await start("k1");
  const got = await api.post(path, body, { "idempotency-key": "k1", ...headers });
  expect(got).toMatchObject({ status: 422, body: { code: "idempotency-reused" } });
  expect(starts()).toBe(1);
});

test("the same key of somebody else is another key", async () => {
  await start("k1");
  const headers = { "idempotency-key": "k1" };
  const got = await api.ask(START, { method: "POST", json: { strategy: "rolling" }, headers, token: api.tokens.operate });
  expect(got.status).toBe(201);
});

test("while the first request runs, the second is 409", async () => {
  const gate = Promise.withResolvers<void>();
  api.control.gate = gate.promise;
  const first = start("k1");
  await expect.poll(starts).toBe(1);
  expect(await start("k1")).toMatchObject({ status: 409, body: { code: "idempotency-running" } });
  expect(await start("k1", { strategy: "rolling" })).toMatchObject({ status: 422 });
  gate.resolve();
  expect((await first).status).toBe(201);
  expect((await start("k1")).headers["idempotency-replayed"]).toBe("true");
  expect(starts()).toBe(1);
});

test("of many that arrive together, one is done", async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => start("k1")));
  expect(starts()).toBe(1);
  expect(all.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
});

test("a refused request changed nothing, so its key may be used again", async () => {
  api.control.fails = new Refusal("rollout-running", "one is running");
  expect((await start("k1")).status).toBe(409);
  expect((await start("k1")).status).toBe(201);
});

test.each(["", "a b", "x".repeat(256), 'a"b', "ä"])("the key %j is 400", async (key) => {
  const got = await api.post(START, { strategy: "canary" }, { "idempotency-key": Buffer.from(key).toString("latin1") });
  expect(got).toMatchObject({ status: 400, body: { code: "bad-header" } });
  expect(starts()).toBe(0);
});

test("an answer is kept for a day, and no longer", async () => {
  await start("k1");
  api.wall += DAY_MS - 1;
  expect((await start("k1")).headers["idempotency-replayed"]).toBe("true");
  api.wall += 1;
  expect((await start("k1")).headers["idempotency-replayed"]).toBeUndefined();
  expect(starts()).toBe(2);
});

describe("where the store is gone", () => {
  const broken = async () => {
    throw new StoreError("full", "the disk is full");
  };

  test("an abort goes on, and other changes say so", async () => {
    await using other = await ApiUnderTest.start({ answers: { get: broken, put: broken } });
    const headers = { "idempotency-key": "k1" };
    expect((await other.post(ABORT, {}, headers)).status).toBe(202);
    expect(await other.post(START, { strategy: "canary" }, headers)).toMatchObject({ status: 507, body: { code: "store-full" } });
    expect(other.lines.some(({ level }) => level === "warn")).toBe(true);
  });

  test("a change that was done stays done", async () => {
    await using other = await ApiUnderTest.start({ answers: { get: async () => null, put: broken } });
    expect((await other.post(START, { strategy: "canary" }, { "idempotency-key": "k1" })).status).toBe(201);
  });
});

describe("in the store", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-answers-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const answer = (at: number) => ({ fingerprint: "f", status: 201, location: "/x", body: "{}", at });
  const key = (at: number) => String(at).padStart(64, "0");

  test("an answer outlives the process, and is replaced by a newer one", async () => {
    {
      await using store = await openSqlite(folder);
      const answers = storedAnswers(store, () => 0);
      await answers.put(key(1), answer(0));
      await answers.put(key(1), answer(5));
    }
    await using store = await openSqlite(folder);
    const answers = storedAnswers(store, () => 0);
    expect(await answers.get(key(1))).toEqual(answer(5));
    expect(await answers.get(key(2))).toBeNull();
  });

  test("answers older than a day are deleted, and the others are not", async () => {
    await using store = await openSqlite(folder);
    let wall = 0;
    const answers = storedAnswers(store, () => wall);
    for (let at = 0; at < 250; at += 1) await answers.put(key(at), answer(at));
    wall = DAY_MS + 199;
    await answers.put(key(250), answer(wall));
    const left = await store.list("idempotency/");
    expect(left.map((entry) => entry.key)).toEqual(Array.from({ length: 51 }, (_, index) => `idempotency/${key(200 + index)}`));
  });
});
