import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiUnderTest } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(() => api[Symbol.asyncDispose]());

const lastCall = () => api.control.calls.at(-1);

test("a token is told what it may do", async () => {
  for (const name of ["admin", "operate", "read"] as const)
    expect((await api.ask("/v1/whoami", { token: api.tokens[name] })).body).toMatchObject({ name, scopes: [name] });
  expect((await api.ask("/v1/whoami", { token: null })).status).toBe(401);
});

test("the newest events come with where a stream goes on", async () => {
  api.control.happen("one");
  api.control.happen("two");
  const got = await api.ask("/v1/events/latest?service=web&limit=1", { token: api.tokens.read });
  expect(got.body).toMatchObject({ events: [{ text: "two" }], newest: 2 });
  expect(lastCall()).toEqual({ call: "latest", args: [{ service: "web" }, 1] });
});

test("traffic is asked for in points of one of two lengths, from an instant on", async () => {
  const got = await api.ask("/v1/services/web/traffic?everyMs=10000&from=1970-01-01T00:00:05.000Z", { token: api.tokens.read });
  expect(got).toMatchObject({ status: 200, body: { series: null } });
  expect(lastCall()).toEqual({ call: "traffic", args: ["web", { everyMs: 10_000, from: 5_000 }] });
  for (const query of ["everyMs=1", "from=yesterday"])
    expect((await api.ask(`/v1/services/web/traffic?${query}`)).body).toMatchObject({ status: 422, code: "invalid" });
});
