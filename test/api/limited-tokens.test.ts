import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addressKey } from "../../src/api/address-key.ts";
import { ApiUnderTest, type Sent } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeEach(async () => {
  api = await ApiUnderTest.start();
});
afterEach(() => api[Symbol.asyncDispose]());

const create = (body: object, sent: Sent = {}) => api.ask("/v1/tokens", { method: "POST", json: body, ...sent });

/** A token that the API made. */
async function made(body: object): Promise<string> {
  const got = await create(body);
  expect(got.status).toBe(201);
  return got.body.token;
}

describe("a token that was made over the API", () => {
  test("works at once, does what its scope allows under its own name, and ends at once", async () => {
    const token = await made({ name: "ci", scope: "operate" });
    const abort = { method: "POST", json: {}, token } as const;
    expect((await api.ask("/v1/services/web/rollout/abort", abort)).status).toBe(202);
    expect(api.control.calls.at(-1)?.args[2]).toBe("ci");
    expect((await create({ name: "mine", scope: "admin" }, { token })).status).toBe(403);
    expect((await api.ask("/v1/tokens/ci", { method: "DELETE" })).body).toMatchObject({ name: "ci" });
    expect((await api.ask("/v1/services/web/rollout/abort", abort)).status).toBe(401);
  });

  test("is listed without itself, and written to no log", async () => {
    const token = await made({ name: "ci", scope: "read", services: ["web"], expiresInMs: 3_600_000 });
    const { body } = await api.ask("/v1/tokens");
    expect(body.tokens).toMatchObject([{ name: "ci", scope: "read", services: ["web"], createdBy: "admin" }]);
    const all = JSON.stringify([body, api.lines]);
    expect(all).not.toContain(token);
    expect(api.lines).toContainEqual(expect.objectContaining({ level: "info", text: "a token was created" }));
  });

  test("is listed in pages by name, where they are asked for", async () => {
    for (const name of ["c", "a", "b"]) await made({ name, scope: "read" });
    const names = (body: { tokens: { name: string }[] }) => body.tokens.map(({ name }) => name);
    const all = (await api.ask("/v1/tokens")).body;
    expect([names(all), all.next]).toEqual([["a", "b", "c"], null]);
    const first = await api.ask("/v1/tokens?limit=2");
    expect(names(first.body)).toEqual(["a", "b"]);
    expect(first.headers.link).toBe(`</v1/tokens?limit=2&cursor=${first.body.next}>; rel="next"`);
    await api.ask("/v1/tokens/b", { method: "DELETE" });
    const second = (await api.ask(`/v1/tokens?limit=2&cursor=${first.body.next}`)).body;
    expect([names(second), second.next]).toEqual([["c"], null]);
  });

  test("is not kept as the answer of an Idempotency-Key, which would be plain text on the disk", async () => {
    const headers = { "idempotency-key": "k1" };
    expect((await create({ name: "ci", scope: "read" }, { headers })).status).toBe(201);
    expect(api.kept.size).toBe(0);
    expect(await create({ name: "ci", scope: "read" }, { headers })).toMatchObject({
      status: 409,
      body: { code: "token-exists" },
    });
  });

  test("says whose it was when its time is over", async () => {
    const token = await made({ name: "ci", scope: "read", expiresInMs: 1_000 });
    api.wall += 1_000;
    const got = await api.ask("/v1/services", { token });
    expect(got).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect(got.body.detail).toMatch(/time of the token ci was over/);
  });

  test.each([
    [{ name: "ci" }, "/scope"],
    [{ name: "CI", scope: "read" }, "/name"],
    [{ name: "ci", scope: "root" }, "/scope"],
    [{ name: "ci", scope: "admin", services: ["web"] }, "/services"],
    [{ name: "ci", scope: "read", services: [] }, "/services"],
    [{ name: "ci", scope: "read", expiresInMs: 1 }, "/expiresInMs"],
  ])("is refused for %j at %s", async (body, pointer) => {
    expect(await create(body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });

  test("that there is none of is 404", async () => {
    expect(await api.ask("/v1/tokens/nobody", { method: "DELETE" })).toMatchObject({
      status: 404,
      body: { code: "unknown-token" },
    });
  });
});

describe("a token for one service", () => {
  const accept = { accept: "application/json" };

  test("sees that service, its rollouts and its events", async () => {
    const token = await made({ name: "ci", scope: "operate", services: ["web"] });
    for (const path of ["/v1/services/web", "/v1/services/web/rollouts", "/v1/rollouts/web-1", "/v1/rollouts/web-1/events"])
      expect((await api.ask(path, { token })).status, path).toBe(200);
    expect((await api.ask("/v1/whoami", { token })).body).toEqual({ name: "ci", scopes: ["operate"], services: ["web"] });
    expect((await api.ask("/v1/services", { token })).body.services).toHaveLength(1);
    await api.ask("/v1/events", { token, headers: accept });
    expect(api.control.calls.at(-1)?.args[0]).toEqual({ service: "web", rollout: null });
    expect((await api.ask("/v1/services/web/rollout/abort", { method: "POST", json: {}, token })).status).toBe(202);
  });

  test("sees nothing of the others", async () => {
    const token = await made({ name: "ci", scope: "operate", services: ["shop", "pay"] });
    api.control.happen("of web");
    for (const path of ["/v1/services/web", "/v1/services/web/rollouts", "/v1/rollouts/web-1", "/v1/rollouts/web-1/explanation"])
      expect(await api.ask(path, { token }), path).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect((await api.ask("/v1/events?service=web", { token, headers: accept })).status).toBe(403);
    expect((await api.ask("/v1/events", { token, headers: accept })).body.events).toEqual([]);
    api.control.happen("the token ci was made: read", {}, "");
    expect((await api.ask("/v1/events", { token, headers: accept })).body.events).toEqual([]);
    expect((await api.ask("/v1/events/latest", { token })).body.events).toEqual([]);
    const { body } = await api.ask("/v1/events", { token: api.tokens.read, headers: accept });
    expect(body.events.at(-1)).toMatchObject({ service: "", text: "the token ci was made: read" });
    expect((await api.ask("/v1/services", { token })).body.services).toEqual([]);
    const calls = api.control.calls.length;
    for (const path of ["rollouts", "switch", "plan", "rollout/abort", "pools/blue/members/a%3A1/drain"]) {
      const got = await api.ask(`/v1/services/web/${path}`, { method: "POST", json: {}, token });
      expect(got.status, path).toBe(403);
    }
    expect(api.control.calls.length).toBe(calls);
  });

  test("is kept from what tells of all services, and from every route that does not say that it leaves them out", async () => {
    const token = await made({ name: "ci", scope: "read", services: ["web"] });
    expect((await api.ask("/metrics", { token })).status).toBe(403);
    api.control.ready = { ready: false, problems: ["shop is not there"] };
    expect((await api.ask("/readyz", { token })).body.detail).not.toContain("shop");
  });
});

describe("wrong tokens", () => {
  const wrong = (headers = {}) => api.ask("/v1/services", { token: "wrong", headers });

  test("are written to the log with where they came from, and above the limit without a line each", async () => {
    await using other = await ApiUnderTest.start({ limits: { wrongTokens: 3 } });
    for (let guess = 0; guess < 10; guess += 1) await other.ask("/v1/services", { token: "wrong" });
    const told = other.lines.filter(({ level }) => level === "warn").map(({ text }) => text);
    expect(told.filter((text) => text === "a wrong token was refused")).toHaveLength(3);
    expect(told.filter((text) => text.startsWith("too many wrong tokens"))).toHaveLength(1);
    expect(other.lines.find(({ level }) => level === "warn")?.fields).toMatchObject({
      address: "127.0.0.1",
      path: "/v1/services",
    });
  });

  test("never keep a right one from aborting", async () => {
    for (let guess = 0; guess < 30; guess += 1) await wrong();
    expect((await wrong()).status).toBe(429);
    const token = api.tokens.operate;
    expect((await api.ask("/v1/services/web/rollout/abort", { method: "POST", json: {}, token })).status).toBe(202);
  });

  test("and right ones that may not do what they try are written to the log with their name", async () => {
    await api.ask("/v1/services/web/rollout/abort", { method: "POST", json: {}, token: api.tokens.read });
    const line = api.lines.find(({ text }) => text === "a token was used for what it may not do");
    expect(line?.fields).toMatchObject({ actor: "read", method: "POST", path: "/v1/services/web/rollout/abort" });
  });

  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    [undefined, "unix"],
  ])("from %s are counted as those of %s", (ip, key) => {
    expect(addressKey(ip)).toBe(key);
  });
});

test("a stream ends with the token that opened it", async () => {
  const token = await made({ name: "ci", scope: "read" });
  const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
  const stream = await fetch(`${api.url}/v1/events`, { headers });
  await expect.poll(() => api.control.followers).toBe(1);
  await api.ask("/v1/tokens/ci", { method: "DELETE" });
  api.control.happen("after it was taken back");
  expect(await stream.text()).not.toContain("after it was taken back");
});

test("a stream on which nothing happens ends with its token, too: taken back, or over", { timeout: 30_000 }, async () => {
  const open = async (name: string, more: object = {}) => {
    const token = await made({ name, scope: "read", ...more });
    return fetch(`${api.url}/v1/events`, { headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" } });
  };
  const [one, other] = [await open("one"), await open("other", { expiresInMs: 60_000 })];
  await api.ask("/v1/tokens/one", { method: "DELETE" });
  expect(await one.text()).toMatch(/^retry: /);
  api.wall += 60_000;
  expect(await other.text()).toMatch(/^retry: /);
});
