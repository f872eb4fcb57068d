import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiUnderTest } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(() => api[Symbol.asyncDispose]());

const lastCall = () => api.control.calls.at(-1);
const numbers = (body: { revisions: { number: number }[] }) => body.revisions.map(({ number }) => number);

test("the history of a service is listed, newest first, page by page", async () => {
  const first = await api.ask("/v1/services/web/revisions?limit=2");
  expect([first.status, numbers(first.body)]).toEqual([200, [2, 1]]);
  const second = await api.ask(`/v1/services/web/revisions?limit=2&cursor=${first.body.next}`);
  expect([numbers(second.body), second.body.next]).toEqual([[0], null]);
  expect((await api.ask("/v1/services/web/revisions", { token: api.tokens.read })).status).toBe(200);
});

test("an undo goes to the revision that is named, and answers the new rollout with its place", async () => {
  const got = await api.post("/v1/services/web/undo", { revision: 7, reason: "loses orders" });
  expect(lastCall()).toEqual({
    call: "undo",
    args: ["web", { revision: 7, replace: false, reason: "loses orders" }, "admin", null],
  });
  expect([got.status, got.headers.location]).toEqual([201, `/v1/rollouts/${got.body.id}`]);
});

test("without a body it goes to the one before", async () => {
  await api.ask("/v1/services/web/undo", { method: "POST" });
  expect(lastCall()?.args[1]).toEqual({ revision: null, replace: false, reason: null });
});

test("one that may send a rollout back wants to know which", async () => {
  expect(await api.post("/v1/services/web/undo", { replace: true })).toMatchObject({
    status: 428,
    body: { code: "precondition-required" },
  });
  expect((await api.post("/v1/services/web/undo", { replace: true }, { "if-match": '"web-1.1.1"' })).status).toBe(201);
  expect(lastCall()?.args[3]).toBe("web-1.1.1");
});

test("no revision has a negative number, and who may read may not undo", async () => {
  expect((await api.post("/v1/services/web/undo", { revision: -1 })).status).toBe(422);
  expect((await api.ask("/v1/services/web/undo", { method: "POST", json: {}, token: api.tokens.read })).status).toBe(403);
});

test.each(["skip", "exclude"] as const)("%s is about the member that is named, or the one that failed", async (verb) => {
  const path = `/v1/services/web/rollout/${verb}`;
  expect((await api.post(path, { member: "127.0.0.1:8003", reason: "broken" })).status).toBe(202);
  expect(lastCall()?.args.slice(1)).toEqual([{ verb, member: "127.0.0.1:8003" }, "admin", { ifMatch: null, reason: "broken" }]);
  expect((await api.ask(path, { method: "POST" })).status).toBe(202);
  expect(lastCall()?.args[1]).toEqual({ verb, member: null });
  expect((await api.post(path, { member: "no address" })).status).toBe(422);
});

test("a start may be rolling", async () => {
  expect((await api.post("/v1/services/web/rollouts", { strategy: "rolling", version: "v42" })).status).toBe(201);
  expect(lastCall()?.args[1]).toMatchObject({ strategy: "rolling", to: null, version: "v42" });
});
