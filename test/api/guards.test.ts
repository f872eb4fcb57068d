import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ApiUnderTest, type Got, type Sent } from "./api-under-test.ts";
import { type Documented, documented } from "./documented.ts";

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ hosts: ["sluice.example", "other.example:8443"] });
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  api.control.calls.length = 0;
});

/** Everything that the document says there is; the walks below miss nothing that is added later. */
const operations = () => documented(api.document);
const changes = () => operations().filter(({ sent }) => sent.method !== "GET");

/** A question with a body: it changes nothing. */
const ASKS = new Set(["planRollout"]);
/** What is an admin's. */
const ADMIN = ["reloadConfiguration", "listTokens", "createToken", "revokeToken"];

async function ask(one: Documented, sent: Sent): Promise<Got> {
  // A token is made and taken back under one name.
  await api.ask("/v1/tokens/ci-web", { method: "DELETE" });
  if (one.name === "revokeToken") await api.post("/v1/tokens", { name: "ci-web", scope: "read" });
  api.control.calls.length = 0;
  return api.ask(one.path, { ...one.sent, ...sent, headers: { ...one.sent.headers, ...sent.headers } });
}

describe("every operation", () => {
  test("works with the admin's token (or the refusals below would prove nothing)", async () => {
    expect(operations().length).toBeGreaterThan(20);
    for (const one of operations()) expect((await ask(one, {})).status, one.name).toBeLessThan(300);
  });

  test("without a token is 401, health aside", async () => {
    for (const one of operations()) {
      const got = await ask(one, { token: null });
      expect(got.status, one.name).toBe(one.open ? 200 : 401);
      if (!one.open) expect(got.headers["www-authenticate"], one.name).toContain("Bearer");
    }
    const open = operations().filter((one) => one.open);
    expect(open.map(({ path }) => path)).toEqual(["/healthz", "/readyz"]);
    expect(api.control.calls).toEqual([]);
  });

  test("under another host is 421, health too", async () => {
    for (const one of operations()) expect((await ask(one, { headers: { host: "evil.example" } })).status, one.name).toBe(421);
    for (const path of ["/docs", "/docs/static/index.html", "/openapi.json", "/nothing"])
      expect((await api.ask(path, { headers: { host: "evil.example" } })).status, path).toBe(421);
    expect(api.control.calls).toEqual([]);
  });

  test("that changes something is 403 from a page of another origin", async () => {
    for (const one of changes()) {
      const foreign = [
        { origin: "http://evil.example" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
      ];
      for (const headers of foreign) expect((await ask(one, { headers })).body.code, one.name).toBe("foreign-origin");
    }
    expect(api.control.calls).toEqual([]);
  });

  test("that changes something is 415 with a type that a form can send", async () => {
    for (const one of changes()) {
      for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
        expect((await ask(one, { headers: { "content-type": type } })).status, one.name).toBe(415);
      }
    }
    expect(api.control.calls).toEqual([]);
  });

  test("with a token of each scope is what the scope allows, and 403 with the scope that it needs else", async () => {
    for (const one of operations()) {
      const reads = one.sent.method === "GET" || ASKS.has(one.name);
      const admin = ADMIN.includes(one.name);
      const read = await ask(one, { token: api.tokens.read });
      expect(read.status < 300, `${one.name} with read: ${read.status}`).toBe(reads && !admin);
      if (read.status >= 300) expect(read.body.code, one.name).toBe("forbidden");
      const operate = await ask(one, { token: api.tokens.operate });
      expect(operate.status < 300, `${one.name} with operate: ${operate.status}`).toBe(!admin);
      if (operate.status >= 300) expect(operate.headers["www-authenticate"], one.name).toContain('scope="admin"');
    }
  });

  test("of another service is 403 for a token that is for one alone, and so is what tells of all", async () => {
    const { token } = (await api.post("/v1/tokens", { name: "shop", scope: "operate", services: ["shop"] })).body;
    const seen: string[] = [];
    for (const one of operations().filter(({ open }) => !open)) {
      const { status } = await ask(one, { token });
      if (status < 300) seen.push(one.name);
      else expect(status, one.name).toBe(403);
      expect(
        api.control.calls.filter(({ call }) => !["service", "rollout", "events", "latest"].includes(call)),
        one.name,
      ).toEqual([]);
    }
    await api.ask("/v1/tokens/shop", { method: "DELETE" });
    // These leave out what it may not see; test/api/limited-tokens.test.ts holds them to it.
    expect(seen.sort()).toEqual(["followEvents", "latestEvents", "listServices", "whoami"]);
  });

  test("answers without CORS, sniffing or framing", async () => {
    for (const one of operations()) {
      const { headers } = await ask(one, {});
      expect(
        Object.keys(headers).filter((name) => name.startsWith("access-control-")),
        one.name,
      ).toEqual([]);
      expect(headers, one.name).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cache-control": "no-store",
      });
      expect(headers["content-security-policy"], one.name).toContain("default-src 'none'");
      expect(headers["strict-transport-security"], one.name).toBeUndefined();
      expect(headers["content-security-policy"], one.name).not.toContain("upgrade-insecure-requests");
    }
  });
});

describe("the Host header", () => {
  const hosts = (port: number): readonly (readonly [string, number])[] => [
    [`localhost:${port}`, 200],
    [`LOCALHOST:${port}`, 200],
    [`127.0.0.1:${port}`, 200],
    [`[::1]:${port}`, 200],
    ["sluice.example", 200],
    [`sluice.example:${port}`, 200],
    ["other.example:8443", 200],
    ["localhost", 421],
    ["localhost:1", 421],
    [`127.evil.com:${port}`, 421],
    [`127.0.0.1.evil.com:${port}`, 421],
    [`localhost.:${port}`, 421],
    [`evil.com:${port}`, 421],
    [`localhost:${port}.evil.com`, 421],
    [`evil@localhost:${port}`, 421],
    [`localhost:${port}/x`, 421],
    ["sluice.example:1", 421],
    ["other.example", 421],
    [`other.example:${port}`, 421],
    ["x.sluice.example", 421],
  ];

  test("is compared as a whole", async () => {
    for (const [host, status] of hosts(api.port)) {
      expect((await api.ask("/healthz", { headers: { host } })).status, host).toBe(status);
    }
  });

  test("cannot be got round by a whole URL, or by naming two", async () => {
    const head = (line: string, ...headers: string[]) => [line, ...headers, "Connection: close", "", ""].join("\r\n");
    const good = `Host: localhost:${api.port}`;
    expect(await raw(head("GET /healthz HTTP/1.1", good))).toContain("200 OK");
    expect(await raw(head("GET http://evil.example/healthz HTTP/1.1", good))).toContain("421");
    expect(await raw(head("GET /healthz HTTP/1.1", good, "Host: evil.example"))).not.toContain("200 OK");
    expect(await raw(head("GET /healthz HTTP/1.1"))).toContain("400");
  });
});

test("a page of this origin may change something", async () => {
  const headers = { host: `localhost:${api.port}`, origin: `http://localhost:${api.port}`, "sec-fetch-site": "same-origin" };
  expect((await api.post("/v1/services/web/rollout/pause", {}, headers)).status).toBe(202);
});

test("the token goes in the header alone", async () => {
  const { admin } = api.tokens;
  expect((await api.ask(`/v1/services?token=${admin}&access_token=${admin}`, { token: null })).status).toBe(401);
  expect((await api.ask("/v1/services", { token: null, headers: { cookie: `token=${admin}` } })).status).toBe(401);
  expect((await api.ask("/v1/services", { token: null, headers: { authorization: `Basic ${admin}` } })).status).toBe(401);
  expect((await api.ask("/v1/services", { token: null, headers: { authorization: `bearer ${admin}` } })).status).toBe(200);
});

test("the log has every request and who made it, and never a token", async () => {
  await api.post(`/v1/services/web/rollout/pause?token=${api.tokens.admin}`);
  const line = { method: "POST", path: "/v1/services/web/rollout/pause", status: 202, actor: "admin" };
  await expect.poll(() => api.lines.at(-1)).toMatchObject({ level: "info", fields: line });
  expect(api.lines.filter((line) => JSON.stringify(line).includes("sluice_"))).toEqual([]);
});

test("guessing is slowed down, and the right token is let in all the same", async () => {
  await using other = await ApiUnderTest.start({ limits: { wrongTokens: 3 } });
  const statuses = [];
  for (let guess = 0; guess < 5; guess += 1) statuses.push((await other.ask("/v1/services", { token: `wrong${guess}` })).status);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  const got = await other.ask("/v1/services", { token: "wrong" });
  expect(got).toMatchObject({ status: 429, body: { code: "too-many-requests" } });
  expect(Number(got.headers["retry-after"])).toBeGreaterThan(0);
  expect((await other.post("/v1/services/web/rollout/abort")).status).toBe(202);
});

test("without auth, everybody on this machine is let in, and forms still are not", async () => {
  await using open = await ApiUnderTest.start({ auth: { kind: "none" } });
  expect((await open.ask("/v1/services", { token: null })).status).toBe(200);
  expect((await open.ask("/v1/services/web/rollout/abort", { token: null, method: "POST", json: {} })).status).toBe(202);
  expect((await open.ask("/v1/services/web/rollout/abort", { token: null, method: "POST" })).status).toBe(415);
});

async function raw(request: string): Promise<string> {
  const socket = connect(api.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(request);
  return text(socket);
}
