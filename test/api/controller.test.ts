import { afterEach, beforeEach, expect, test } from "vitest";
import { storedAnswers } from "../../src/api/answers.ts";
import { parseSteps } from "../../src/config/steps.ts";
import { ApiUnderTest } from "./api-under-test.ts";
import { realControl } from "./real-control.ts";

let real: Awaited<ReturnType<typeof realControl>>;
let api: ApiUnderTest;
beforeEach(async () => {
  real = await realControl();
  api = await ApiUnderTest.start({
    control: real.control,
    answers: storedAnswers(real.store, Date.now),
    now: Date.now,
    parseSteps,
  });
  await expect.poll(async () => (await api.ask("/readyz")).status).toBe(200);
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await real[Symbol.asyncDispose]();
});

const phase = async () => {
  const { rollout } = (await api.ask("/v1/services/web")).body;
  return `${rollout.phase} ${rollout.step}`;
};

test("a canary is started, advanced, approved, paused, resumed and promoted over HTTP alone", async () => {
  const started = await api.post("/v1/services/web/rollouts", { strategy: "canary", version: "v42" });
  expect(started).toMatchObject({
    status: 201,
    body: { id: "web-1", version: "v42", from: "blue", to: "green", startedBy: "admin" },
  });
  await expect.poll(phase).toBe("observing 0");
  expect((await api.ask("/v1/services/web")).body).toMatchObject({
    candidate: "green",
    applied: { shares: { blue: 9_500, green: 500 } },
  });
  await api.post("/v1/services/web/rollout/advance", { step: 0 });
  await expect.poll(phase).toBe("waiting 1");
  expect((await api.post("/v1/services/web/rollout/pause")).body.phase).toBe("paused");
  expect((await api.post("/v1/services/web/rollout/resume")).body.phase).toBe("waiting");
  expect((await api.post("/v1/services/web/rollout/promote")).status).toBe(202);
  await expect.poll(async () => (await api.ask("/v1/services/web")).body.applied.shares).toMatchObject({ green: 10_000 });
  expect((await api.ask("/v1/services/web/rollouts")).body.rollouts.map((one: { id: string }) => one.id)).toEqual(["web-1"]);
});

test("an abort sends the traffic back, and the journal tells it", async () => {
  await api.post("/v1/services/web/switch", { to: "green" });
  await expect.poll(async () => (await api.ask("/v1/services/web")).body.applied.shares).toMatchObject({ green: 10_000 });
  expect((await api.post("/v1/services/web/rollout/abort", { reason: "smoke" })).status).toBe(202);
  await expect.poll(async () => (await api.ask("/v1/rollouts/web-1")).body.phase).toBe("reverted");
  expect((await api.ask("/v1/services/web")).body.applied.shares).toMatchObject({ blue: 10_000 });
  const { events } = (await api.ask("/v1/rollouts/web-1/events")).body;
  expect(events.map((event: { seq: number }) => event.seq)).toEqual(
    events.map((_: unknown, index: number) => events[0].seq + index),
  );
  expect(events.map((event: { kind: string }) => event.kind)).toContain("reverted");
});

test("a tag holds until the rollout moves on, and is stale then", async () => {
  const idle = String((await api.ask("/v1/services/web")).headers.etag);
  expect((await api.post("/v1/services/web/rollouts", { strategy: "canary" }, { "if-match": idle })).status).toBe(201);
  await expect.poll(phase).toBe("observing 0");
  const got = await api.post("/v1/services/web/rollout/advance", {}, { "if-match": idle });
  expect(got).toMatchObject({ status: 412, body: { code: "stale" } });
  const now = String((await api.ask("/v1/services/web")).headers.etag);
  expect((await api.post("/v1/services/web/rollout/advance", {}, { "if-match": now })).status).toBe(202);
});

test("of two people who set or drain members at the same time, the second sees first what the other did", async () => {
  const look = async () => String((await api.ask("/v1/services/web")).headers.etag);
  const list = "/v1/services/web/pools/green/members";
  const idle = await look();
  const put = { method: "PUT", json: ["127.0.0.1:8003", "127.0.0.1:8004"] } as const;
  const first = await api.ask(list, { ...put, headers: { "if-match": idle } });
  expect([first.status, first.headers.etag]).toEqual([200, await look()]);
  const other = [
    await api.ask(list, { ...put, json: ["127.0.0.1:8005"], headers: { "if-match": idle } }),
    await api.ask(list, { method: "DELETE", headers: { "if-match": idle } }),
    await api.post(`${list}/127.0.0.1:8003/drain`, {}, { "if-match": idle }),
    await api.post("/v1/services/web/rollouts", { strategy: "canary" }, { "if-match": idle }),
  ];
  for (const got of other) expect(got).toMatchObject({ status: 412, body: { code: "stale" } });
  const drained = await api.post(`${list}/127.0.0.1:8003/drain`, {}, { "if-match": String(first.headers.etag) });
  expect([drained.status, drained.body.pools.green.members.length]).toEqual([200, 2]);
  expect((await api.post(`${list}/127.0.0.1:8003/ready`, {}, { "if-match": "what I saw" })).status).toBe(400);
  await api.ask(list, { method: "DELETE" });
  expect(await look()).toBe(idle);
});

test("what cannot be done says why, by the status that fits", async () => {
  expect(await api.post("/v1/services/nope/switch")).toMatchObject({ status: 404, body: { code: "unknown-service" } });
  expect(await api.post("/v1/services/web/switch", { to: "red" })).toMatchObject({ status: 404, body: { code: "unknown-pool" } });
  expect(await api.post("/v1/services/web/switch", { to: "blue" })).toMatchObject({
    status: 200,
    body: { code: "already-stable" },
  });
  expect(await api.post("/v1/services/web/rollout/pause")).toMatchObject({ status: 409, body: { code: "no-rollout" } });
  expect(await api.ask("/v1/rollouts/web-9")).toMatchObject({ status: 404, body: { code: "unknown-rollout" } });
  await api.post("/v1/services/web/rollouts", { strategy: "canary" });
  await expect.poll(phase).toBe("observing 0");
  expect(await api.post("/v1/services/web/switch")).toMatchObject({ status: 409, body: { code: "rollout-running" } });
  const stale = await api.post("/v1/services/web/rollout/advance", { step: 1 });
  expect(stale).toMatchObject({ status: 409, body: { code: "stale-step" } });
});

test("a start that is repeated with its key starts once", async () => {
  const headers = { "idempotency-key": "3f0c" };
  const first = await api.post("/v1/services/web/rollouts", { strategy: "canary" }, headers);
  const second = await api.post("/v1/services/web/rollouts", { strategy: "canary" }, headers);
  expect(second).toMatchObject({ status: 201, body: first.body });
  expect((await api.ask("/v1/services/web/rollouts")).body.rollouts).toHaveLength(1);
});

test("members are set, drained and given back", async () => {
  const members = async () => (await api.ask("/v1/services/web")).body.pools.green;
  await api.ask("/v1/services/web/pools/green/members", { method: "PUT", json: ["127.0.0.1:8003", "127.0.0.1:8004"] });
  expect(await members()).toMatchObject({ from: "api", members: [{ address: "127.0.0.1:8003" }, { address: "127.0.0.1:8004" }] });
  const drained = await api.post("/v1/services/web/pools/green/members/127.0.0.1:8003/drain");
  expect(drained.body.pools.green.members[0]).toMatchObject({ address: "127.0.0.1:8003", state: "draining" });
  await api.ask("/v1/services/web/pools/green/members", { method: "DELETE" });
  expect(await members()).toMatchObject({ from: "config", members: [{ address: "127.0.0.1:8002" }] });
});
