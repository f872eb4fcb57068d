import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Refusal, type RefusalCode, StoreError } from "../../src/core/errors.ts";
import { ApiUnderTest, type Got } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ limits: { answerMs: 300, requestMs: 300 } });
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  api.control.fails = null;
});

function expectProblem(got: Got, status: number, code: string): void {
  expect(got).toMatchObject({ status, body: { status, code, type: `urn:sluice:problem:${code}` } });
  expect(got.headers["content-type"]).toContain("application/problem+json");
  expect(got.headers["cache-control"]).toBe("no-store");
  expect(got.body.instance).toBe(got.headers["x-request-id"]);
  expect(Object.keys(got.body).sort()).toEqual(["code", "detail", "errors", "hint", "instance", "status", "title", "type"]);
}

test.each<[RefusalCode, number]>([
  ["unknown-service", 404],
  ["unknown-pool", 404],
  ["unknown-rollout", 404],
  ["no-rollout", 409],
  ["rollout-running", 409],
  ["already-stable", 409],
  ["not-configured", 409],
  ["stale-step", 409],
  ["wrong-phase", 409],
  ["not-ready", 409],
  ["failed-check", 409],
  ["paused", 409],
  ["nothing-to-retry", 409],
  ["stale", 412],
  ["invalid", 422],
])("a refusal of %s is %i with its own words", async (code, status) => {
  api.control.fails = new Refusal(code, "because of this", "try that");
  const got = await api.post("/v1/services/web/rollout/advance");
  expectProblem(got, status, code);
  expect(got.body).toMatchObject({ detail: "because of this", hint: "try that", errors: [] });
});

test.each([
  ["full", 507],
  ["locked", 503],
  ["foreign", 503],
  ["unavailable", 503],
] as const)("a store that is %s is %i", async (code, status) => {
  api.control.fails = new StoreError(code, "the store cannot do this");
  expectProblem(await api.post("/v1/services/web/rollout/pause"), status, `store-${code}`);
});

test("what breaks inside says nothing of itself, and the log has it by the id of the request", async () => {
  api.control.fails = new Error("secret path /etc/passwd");
  const got = await api.ask("/v1/services/web", { headers: { "x-request-id": "my-id.1" } });
  expectProblem(got, 500, "internal");
  expect(got.body.instance).toBe("my-id.1");
  expect(JSON.stringify(got)).not.toContain("secret");
  const line = api.lines.find((one) => one.level === "error" && one.fields.request === "my-id.1");
  expect(line?.fields.error).toMatch(/secret path.*at /s);
});

test("an answer that is not what the contract says is an error of ours, not a wrong answer", async () => {
  api.control.etag = 7 as unknown as string;
  const got = await api.ask("/v1/services");
  api.control.etag = "web-1.1.1";
  expectProblem(got, 500, "internal");
});

test.each([["a b"], ["x".repeat(65)], ["a;b"], ["<script>"]])("an id of %j is replaced", async (id) => {
  const got = await api.ask("/healthz", { headers: { "x-request-id": id } });
  expect(got.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
});

test("what is not there is 404", async () => {
  expectProblem(await api.ask("/v1/nothing"), 404, "not-found");
});

test("the wrong method is 405 and says which are right", async () => {
  const got = await api.ask("/v1/services/web/switch");
  expectProblem(got, 405, "method-not-allowed");
  expect(got.headers.allow).toBe("POST");
  expect((await api.ask("/v1/services/web", { method: "PUT", json: {} })).headers.allow).toBe("GET, HEAD");
});

test("events in a form that there is not are 406", async () => {
  expectProblem(await api.ask("/v1/events", { headers: { accept: "image/png" } }), 406, "not-acceptable");
});

test.each(["{", '{"reason":}', '{"__proto__":{"a":1}}'])("the body %j is 400", async (body) => {
  const headers = { "content-type": "application/json" };
  const got = await api.ask("/v1/services/web/rollout/abort", { method: "POST", headers, text: body });
  expectProblem(got, 400, "bad-request");
});

test("a body above 1 MB is 413", async () => {
  const json = { reason: "x".repeat(1_100_000) };
  expectProblem(await api.ask("/v1/services/web/rollout/abort", { method: "POST", json }), 413, "too-large");
});

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/jsonp",
  "text/json",
])("a body of %s is 415", async (type) => {
  const sent = { method: "POST", headers: { "content-type": type }, text: "{}" } as const;
  expectProblem(await api.ask("/v1/services/web/rollout/abort", sent), 415, "unsupported-media-type");
});

test("input that is not valid is 422, with a pointer to every piece", async () => {
  const got = await api.post("/v1/services/web/rollouts", { strategy: "yolo", replace: "yes", surprise: 1, version: "a\nb" });
  expectProblem(got, 422, "invalid");
  const found = got.body.errors.map((error: { in: string; pointer: string }) => `${error.in}${error.pointer}`);
  expect(found.sort()).toEqual(["body/replace", "body/strategy", "body/surprise", "body/version"]);
  expect(api.control.calls.some(({ call }) => call === "start")).toBe(false);
});

test.each([
  ["/v1/services/web/rollouts?limit=0", "query/limit"],
  ["/v1/services/web/rollouts?limit=many", "query/limit"],
  ["/v1/rollouts/a%20b", "path/id"],
])("%s is 422 at %s", async (path, where) => {
  const got = await api.ask(path);
  expectProblem(got, 422, "invalid");
  expect(`${got.body.errors[0].in}${got.body.errors[0].pointer}`).toBe(where);
});

test("an id of an event that is no number is 422", async () => {
  const got = await api.ask("/v1/events", { headers: { "last-event-id": "x", accept: "text/event-stream" } });
  expectProblem(got, 422, "invalid");
  expect(got.body.errors[0]).toMatchObject({ in: "header", pointer: "/last-event-id" });
});

test.each([
  [["app:80; } server {"], "/0"],
  [["a:1", "unix:/x"], "/1"],
  [["a:1", "a:1"], ""],
  [[], ""],
  [{}, ""],
])("members %j are 422 at %j", async (json, pointer) => {
  const got = await api.ask("/v1/services/web/pools/blue/members", { method: "PUT", json });
  expectProblem(got, 422, "invalid");
  expect(got.body.errors[0].pointer).toBe(pointer);
});

test("a path that is not valid percent-encoding is 400, and one that is too long is 414", async () => {
  expectProblem(await api.ask("/v1/services/%zz"), 400, "bad-request");
  expectProblem(await api.ask(`/v1/services/${"x".repeat(400)}`), 414, "uri-too-long");
});

test.each(["abc", '"a", "b"', ""])("an If-Match of %j is 400", async (tag) => {
  const got = await api.post("/v1/services/web/rollout/abort", {}, { "if-match": tag });
  expectProblem(got, 400, "bad-header");
});

test("a tag that is stale is 412; the right one and * are let through", async () => {
  const path = "/v1/services/web/rollout/pause";
  expectProblem(await api.post(path, {}, { "if-match": '"old"' }), 412, "stale");
  const { headers } = await api.ask("/v1/services/web");
  expect((await api.post(path, {}, { "if-match": String(headers.etag) })).status).toBe(202);
  expect((await api.post(path, {}, { "if-match": "*" })).status).toBe(202);
});

test("an answer that takes too long is 503", async () => {
  const gate = Promise.withResolvers<void>();
  api.control.gate = gate.promise;
  const got = await api.post("/v1/services/web/rollout/pause");
  gate.resolve();
  api.control.gate = Promise.resolve();
  expectProblem(got, 503, "answer-timeout");
});

test.each([
  ["what is not HTTP", "hello\r\n\r\n", 400],
  ["headers without an end", `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`, 431],
])("%s gets a problem document too", async (_name, sent, status) => {
  const socket = connect(api.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(sent);
  const [head, body] = (await text(socket)).split("\r\n\r\n");
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toContain("Content-Type: application/problem+json");
  expect(JSON.parse(body ?? "")).toMatchObject({ status });
});
