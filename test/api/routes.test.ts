import { afterAll, beforeAll, expect, test } from "vitest";
import { parseSteps } from "../../src/config/steps.ts";
import { ApiUnderTest } from "./api-under-test.ts";
import { MemoryControl } from "./memory-control.ts";

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(() => api[Symbol.asyncDispose]());

const lastCall = () => api.control.calls.at(-1);

test("health needs no token", async () => {
  expect(await api.ask("/healthz", { token: null })).toMatchObject({ status: 200, body: { status: "ok", version: "1.2.3" } });
  expect(await api.ask("/readyz", { token: null })).toMatchObject({ status: 200, body: { ready: true } });
});

test("readiness says what is missing only to those who may read", async () => {
  api.control.ready = { ready: false, problems: ["nginx is not running"] };
  const stranger = await api.ask("/readyz", { token: null });
  const reader = await api.ask("/readyz", { token: api.tokens.read });
  api.control.ready = { ready: true, problems: [] };
  expect(stranger).toMatchObject({ status: 503, body: { code: "starting" } });
  expect(stranger.body.detail).not.toContain("nginx");
  expect(reader.body.detail).toContain("nginx is not running");
});

test("the page for Prometheus comes as it is made, with its type", async () => {
  const got = await api.ask("/metrics");
  expect(got.headers["content-type"]).toContain("text/plain; version=0.0.4");
  expect(got.body).toBe("sluice_ready 1\n");
});

test("services are listed, and one is shown with its tag", async () => {
  const list = await api.ask("/v1/services");
  const one = await api.ask("/v1/services/web");
  expect(list.body.services).toHaveLength(1);
  expect(one.body).toEqual(list.body.services[0]);
  expect(one.body).toEqual(await api.control.service("web"));
  expect(one.headers.etag).toBe('"web-1.1.1"');
});

test("a start answers 201 with the rollout and where it is", async () => {
  const got = await api.post("/v1/services/web/rollouts", { strategy: "canary", to: "green", version: "v42", reason: "new" });
  expect(got.status).toBe(201);
  expect(got.headers.location).toBe(`/v1/rollouts/${got.body.id}`);
  expect(lastCall()).toEqual({
    call: "start",
    args: ["web", { strategy: "canary", to: "green", version: "v42", steps: null, replace: false, reason: "new" }, "admin", null],
  });
  expect((await api.ask(String(got.headers.location))).body.id).toBe(got.body.id);
});

test("a start towards the stable pool is a no-op that says so", async () => {
  const got = await api.post("/v1/services/web/rollouts", { strategy: "canary", to: "blue" });
  expect(got).toMatchObject({ status: 200, body: { code: "already-stable", service: { name: "web" } } });
  expect(got.body.text).toContain("blue is stable already");
});

test("a switch is a blue-green start", async () => {
  const whichever = { "if-match": "*" };
  expect((await api.post("/v1/services/web/switch", { to: "green", replace: true }, whichever)).status).toBe(201);
  const input = { strategy: "blue-green", to: "green", version: null, steps: null, replace: true, reason: null };
  expect(lastCall()?.args).toEqual(["web", input, "admin", null]);
});

test("a start and a switch pass on the tag that they were sent with", async () => {
  await api.post("/v1/services/web/rollouts", { strategy: "canary" }, { "if-match": '"web-1.1.1"' });
  expect(lastCall()?.args.at(-1)).toBe("web-1.1.1");
  await api.post("/v1/services/web/switch", {}, { "if-match": '"web-1.1.2"' });
  expect(lastCall()?.args.at(-1)).toBe("web-1.1.2");
});

test.each(["rollouts", "switch"])("%s with `replace` says which state it saw, or that it does not matter", async (call) => {
  const body = call === "switch" ? { replace: true } : { strategy: "canary", replace: true };
  const path = `/v1/services/web/${call}`;
  const calls = api.control.calls.length;
  expect(await api.post(path, body)).toMatchObject({ status: 428, body: { code: "precondition-required" } });
  expect(api.control.calls.length).toBe(calls);
  expect((await api.post(path, body, { "if-match": '"web-1.1.1"' })).status).toBe(201);
  expect(lastCall()?.args.at(-1)).toBe("web-1.1.1");
  expect((await api.post(path, body, { "if-match": "*" })).status).toBe(201);
  expect(lastCall()?.args.at(-1)).toBeNull();
});

test("steps are read as the configuration reads them, and what is wrong is pointed at", async () => {
  await using real = await ApiUnderTest.start({ parseSteps });
  const start = (steps: unknown[]) => real.post("/v1/services/web/rollouts", { strategy: "canary", steps });
  expect(
    (
      await start([
        { share: "5%", for: "5m" },
        { share: "100%", for: "1m" },
      ])
    ).status,
  ).toBe(201);
  expect(real.control.calls.at(-1)?.args[1]).toMatchObject({
    steps: [
      { kind: "share", share: 500, forMs: 300_000 },
      { kind: "share", share: 10_000, forMs: 60_000 },
    ],
  });
  const wrong = await start([
    { share: "5%", for: "5m" },
    { share: "6%", for: 5 },
  ]);
  expect(wrong).toMatchObject({ status: 422, body: { code: "invalid", errors: [{ in: "body", pointer: "/steps/1/for" }] } });
  const falling = await start([
    { share: "50%", for: "5m" },
    { share: "6%", for: "5m" },
  ]);
  expect(falling).toMatchObject({ status: 422, body: { errors: [{ pointer: expect.stringMatching(/^\/steps\/1/) }] } });
});

test("a switch needs no body", async () => {
  expect((await api.ask("/v1/services/web/switch", { method: "POST" })).status).toBe(201);
  expect(lastCall()?.args[1]).toMatchObject({ strategy: "blue-green", to: null, replace: false });
});

test.each(["promote", "pause", "resume", "abort", "retry"])("%s reaches the rollout with its reason", async (verb) => {
  const got = await api.post(`/v1/services/web/rollout/${verb}`, { reason: "because" });
  expect(got).toMatchObject({ status: 202, body: { id: "web-1" } });
  expect(lastCall()).toEqual({ call: "command", args: ["web", { verb }, "admin", { ifMatch: null, reason: "because" }] });
});

test("advance names the step it means, or none", async () => {
  await api.post("/v1/services/web/rollout/advance", { step: 2 });
  expect(lastCall()?.args[1]).toEqual({ verb: "advance", step: 2 });
  await api.post("/v1/services/web/rollout/advance");
  expect(lastCall()?.args[1]).toEqual({ verb: "advance", step: null });
});

test("retry may say that it begins at the first step, and nothing else", async () => {
  await api.post("/v1/services/web/rollout/retry", { from: "start" });
  expect(lastCall()?.args[1]).toEqual({ verb: "retry", from: "start" });
  expect((await api.post("/v1/services/web/rollout/retry", { from: "step" })).status).toBe(422);
});

test.each(["", "{}"])("a body of %j is enough for a verb", async (text) => {
  const headers = { "content-type": "application/json" };
  const got = await api.ask("/v1/services/web/rollout/abort", { method: "POST", headers, text });
  expect(got.status).toBe(202);
});

test("rollouts are listed in pages", async () => {
  const first = await api.ask("/v1/services/web/rollouts?limit=3");
  expect(first.body.rollouts.map((one: { id: string }) => one.id)).toEqual(["web-5", "web-4", "web-3"]);
  const second = await api.ask(`/v1/services/web/rollouts?limit=3&cursor=${first.body.next}`);
  expect(second.body.rollouts.map((one: { id: string }) => one.id)).toEqual(["web-2", "web-1"]);
  expect(second.body.next).toBeNull();
  expect(second.headers.link).toBeUndefined();
  const link = /^<(?<path>\/v1\/services\/web\/rollouts\?[^>]+)>; rel="next"$/.exec(String(first.headers.link));
  expect((await api.ask(link?.groups?.path ?? "")).body).toEqual(second.body);
});

test.each(["x", "web-1", "d2ViLTE=", "%00"])("the cursor %j, which no page gave, is refused by its name", async (cursor) => {
  const got = await api.ask(`/v1/services/web/rollouts?cursor=${cursor}`);
  expect(got).toMatchObject({ status: 422, body: { code: "invalid", errors: [{ in: "query", pointer: "/cursor" }] } });
});

test("members are set, and go back to the configured ones", async () => {
  await api.ask("/v1/services/web/pools/blue/members", { method: "PUT", json: ["app:80", "[::1]:8080"] });
  expect(lastCall()).toEqual({ call: "setMembers", args: ["web", "blue", ["app:80", "[::1]:8080"], "admin"] });
  const got = await api.ask("/v1/services/web/pools/blue/members", {
    method: "DELETE",
    headers: { "content-type": "application/json" },
  });
  expect(got.status).toBe(200);
  expect(lastCall()).toEqual({ call: "setMembers", args: ["web", "blue", null, "admin"] });
});

test.each([
  ["drain", "draining"],
  ["ready", "ready"],
])("%s moves one member, whose address may be an IPv6 one", async (verb, state) => {
  const member = encodeURIComponent("[2001:db8::1]:80");
  expect((await api.post(`/v1/services/web/pools/blue/members/${member}/${verb}`)).status).toBe(200);
  expect(lastCall()).toEqual({ call: "setMember", args: ["web", "blue", "[2001:db8::1]:80", state, "admin"] });
});

test("the reference page and its scripts load under their policy, and the document is public", async () => {
  const page = await api.ask("/docs", { token: null });
  expect(page.status).toBe(200);
  expect(page.body).not.toMatch(/<script>|<style>|onclick=/);
  expect(page.headers["content-security-policy"]).toContain("script-src 'self';");
  const scripts = [...page.body.matchAll(/src="([^"]+)"/g)].map((match) => match[1]);
  expect(scripts.length).toBeGreaterThan(2);
  for (const path of scripts) expect((await api.ask(path, { token: null })).status).toBe(200);
  const document = await api.ask("/openapi.json", { token: null });
  expect(document.body).toMatchObject({ openapi: "3.1.0", info: { title: "Sluice" } });
  expect((await api.ask("/docs/static/swagger-initializer.js", { token: null })).body).toContain('"validatorUrl":null');
  expect((await api.ask("/docs/json", { token: null })).body).toEqual(document.body);
});

test("services come all at once, or in pages by name, with what comes and goes between two of them", async () => {
  const control = new MemoryControl();
  let names = ["shop", "web", "pay", "auth"];
  control.services = async () => Promise.all(names.map(async (name) => ({ ...(await control.service("web")), name })));
  await using several = await ApiUnderTest.start({ control });
  const ask = async (path: string) => (await several.ask(path)).body;
  const named = (body: { services: { name: string }[] }) => body.services.map(({ name }) => name);
  expect([named(await ask("/v1/services")), (await ask("/v1/services")).next]).toEqual([names, null]);
  const first = await ask("/v1/services?limit=2");
  expect(named(first)).toEqual(["auth", "pay"]);
  names = ["aaa", "shop", "web"];
  const second = await ask(`/v1/services?limit=2&cursor=${first.next}`);
  expect([named(second), second.next]).toEqual([["shop", "web"], null]);
});
