import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiError } from "../../src/api/problem.ts";
import { ApiUnderTest } from "./api-under-test.ts";

const CHANGES = { added: ["shop"], changed: ["web"], removed: [], warnings: ["line 3: services.web: odd"] };
const PLACE = { in: "configuration", pointer: "/services/web", detail: "sluice.yaml:3:5 services.web: is odd" } as const;
let api: ApiUnderTest;
let reload: () => Promise<typeof CHANGES>;

beforeEach(async () => {
  reload = async () => CHANGES;
  api = await ApiUnderTest.start({ reload: () => reload() });
});
afterEach(() => api[Symbol.asyncDispose]());

test("a reload answers what changed", async () => {
  expect(await api.post("/v1/reload")).toMatchObject({ status: 200, body: CHANGES });
});

test("a reload is for admins only", async () => {
  for (const token of [api.tokens.operate, api.tokens.read]) {
    const answer = await api.ask("/v1/reload", { method: "POST", json: {}, token });
    expect(answer).toMatchObject({ status: 403, body: { code: "forbidden" } });
  }
});

test.each([
  ["invalid-configuration", 422],
  ["configuration-refused", 409],
] as const)("a reload that is refused as %s is answered with %i and every place", async (code, status) => {
  reload = async () => {
    throw new ApiError(code, "the configuration cannot be used", null, [PLACE]);
  };
  expect(await api.post("/v1/reload")).toMatchObject({ status, body: { code, errors: [PLACE] } });
});
