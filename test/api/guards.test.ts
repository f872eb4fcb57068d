import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ApiUnderTest, type Got, type Sent } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ hosts: ["sluice.example", "other.example:8443"] });
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  api.control.calls.length = 0;
});

type Operation = {
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly open: boolean;
};

/** Everything that the document says there is, with paths filled in; the walk below misses nothing that is added later. */
function operations(): readonly Operation[] {
  const paths = api.document.paths as Record<string, Record<string, { security: unknown[] }>>;
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      name: `${method} ${template}`,
      method: method.toUpperCase() as Operation["method"],
      path: template
        .replace("{service}", "web")
        .replace("{pool}", "blue")
        .replace("{member}", "a%3A1")
        .replace("{id}", "web-1")
        .replace("{token}", "ci"),
      open: security.length === 0,
    })),
  );
}

let made = 0;
const changes = () => operations().filter(({ method }) => method !== "GET");

async function ask(one: Operation, sent: Sent): Promise<Got> {
  if (one.path === "/v1/tokens/ci") await api.post("/v1/tokens", { name: "ci", scope: "read" });
  made += 1;
  const fresh = { name: `t${made}`, scope: "read" };
  const json =
    one.method === "GET"
      ? {}
      : {
          json:
            one.method === "PUT"
              ? ["a:1"]
              : /\/(rollouts|plan)$/.test(one.path)
                ? { strategy: "canary" }
                : one.path === "/v1/tokens"
                  ? fresh
                  : {},
        };
  const accept: Record<string, string> = one.path === "/v1/events" ? { accept: "application/json" } : {};
  return api.ask(one.path, { method: one.method, ...json, ...sent, headers: { ...accept, ...sent.headers } });
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
    expect(
      operations()
        .filter(({ open }) => open)
        .map(({ path }) => path),
    ).toEqual(["/healthz", "/readyz"]);
    expect(api.control.calls).toEqual([]);
  });

  test("under another host is 421, health too", async () => {
    for (const one of operations()) expect((await ask(one, { headers: { host: "evil.example" } })).status, one.name).toBe(421);
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

  test("that changes something is 403 for a token that may only read", async () => {
    for (const one of operations()) {
      const got = await ask(one, { token: api.tokens.read });
      // A plan is a question with a body.
      const reads = (one.method === "GET" || one.path.endsWith("/plan")) && !one.path.startsWith("/v1/tokens");
      expect(got.status, one.name).toBe(reads ? 200 : 403);
    }
  });

  test("is open to a token that may operate, but for the configuration, which is an admin's", async () => {
    const refused: string[] = [];
    for (const one of operations()) {
      const { status } = await ask(one, { token: api.tokens.operate });
      if (status === 403) refused.push(one.path);
      else expect(status, one.name).toBeLessThan(300);
    }
    expect(refused.sort()).toEqual(["/v1/reload", "/v1/tokens", "/v1/tokens", "/v1/tokens/ci"]);
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
