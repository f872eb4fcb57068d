import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { storedAnswers } from "../../src/api/answers.ts";
import { parseSteps } from "../../src/config/steps.ts";
import { ApiUnderTest } from "./api-under-test.ts";
import { type Documented, documented, jsonOf } from "./documented.ts";
import { realControl } from "./real-control.ts";

let api: ApiUnderTest;
let operations: readonly Documented[];
beforeAll(async () => {
  api = await ApiUnderTest.start();
  operations = documented(api.document);
});
afterAll(() => api[Symbol.asyncDispose]());

/** A schema of the document, with what it refers to, as something that values can be held against. */
function schemaOf(document: ApiUnderTest["document"], schema: unknown): z.ZodType {
  const { schemas } = document.components as { schemas: object };
  const whole = JSON.stringify({ ...(schema as object), $defs: schemas }).replaceAll("#/components/schemas/", "#/$defs/");
  return z.fromJSONSchema(JSON.parse(whole));
}

function holds(schema: unknown, value: unknown, what: string): void {
  const read = schemaOf(api.document, schema).safeParse(value);
  expect(read.success, `${what}: ${read.error === undefined ? "" : z.prettifyError(read.error)}`).toBe(true);
}

describe("every operation of the document", () => {
  test("has examples of what is sent and of what is answered, and each is what its schema says (they stand in src/api/examples.ts)", () => {
    expect(operations.length).toBeGreaterThan(25);
    for (const { name, parameters, body, answers } of operations) {
      for (const one of parameters) {
        expect(one.example, `${name}: ${one.name}`).toBeDefined();
        holds(one.schema, one.example, `${name}: ${one.name}`);
      }
      if (body !== null && body.schema.$ref !== undefined) {
        expect(body.example, `${name}: body`).toBeDefined();
        holds(body.schema, body.example, `${name}: body`);
      }
      for (const [status, content] of Object.entries(answers)) {
        const json = jsonOf(content);
        if (json === null) continue;
        expect(json.example, `${name}: ${status}`).toBeDefined();
        holds(json.schema, json.example, `${name}: ${status}`);
      }
    }
  });

  test("answers its own example with a status and a body that are documented", async () => {
    for (const one of operations) {
      await api.ask("/v1/tokens/ci-web", { method: "DELETE" });
      if (one.name === "revokeToken") await api.post("/v1/tokens", { name: "ci-web", scope: "read" });
      const got = await api.ask(one.path, one.sent);
      expect(got.status, `${one.name}: ${JSON.stringify(got.body)}`).toBeLessThan(300);
      const json = jsonOf(one.answers[String(got.status)]);
      if (json !== null) holds(json.schema, got.body, `${one.name}: ${got.status}`);
      else expect(Object.keys(one.answers[String(got.status)]?.content ?? {})[0], one.name).toBe("text/plain");
    }
  });

  test("answers errors as they are documented", async () => {
    for (const one of operations.filter(({ open }) => !open)) {
      const got = await api.ask(one.path, { ...one.sent, token: null });
      holds(jsonOf(one.answers.default)?.schema, got.body, one.name);
    }
  });

  test("documents the headers that it reads and answers", () => {
    const named = (id: string) => operations.find(({ name }) => name === id);
    const headers = (id: string) => named(id)?.parameters.flatMap((one) => (one.in === "header" ? [one.name] : []));
    expect(headers("abortRollout")).toEqual(["If-Match", "Idempotency-Key"]);
    expect(headers("createToken")).toEqual([]);
    expect(headers("drainMember")).toEqual(["If-Match", "Idempotency-Key"]);
    expect(headers("setMembers")).toEqual(["If-Match"]);
    expect(Object.keys(named("getService")?.answers["200"]?.headers ?? {})).toEqual(["ETag"]);
    expect(Object.keys(named("drainMember")?.answers["200"]?.headers ?? {})).toEqual(["ETag"]);
    expect(Object.keys(named("startRollout")?.answers["201"]?.headers ?? {})).toEqual(["Location"]);
    for (const list of ["listRollouts", "listRevisions", "listRolloutEvents"])
      expect(Object.keys(named(list)?.answers["200"]?.headers ?? {}), list).toEqual(["Link"]);
  });
});

test("a real controller answers what the document says, before, in and after a canary", { timeout: 20_000 }, async () => {
  await using real = await realControl();
  const answers = storedAnswers(real.store, Date.now);
  await using running = await ApiUnderTest.start({ control: real.control, answers, now: Date.now, parseSteps });
  const look = async () => {
    const id = (await running.ask("/v1/services/web")).body.rollout?.id ?? null;
    for (const one of documented(running.document, { member: "127.0.0.1:8002", id: id ?? "web-1" })) {
      if (one.sent.method !== "GET" || /traffic|latest/.test(one.path)) continue;
      const got = await running.ask(one.path, one.sent);
      if (id === null && one.path.includes("/rollouts/")) continue;
      expect(got.status, `${one.name}: ${JSON.stringify(got.body)}`).toBe(200);
      const json = jsonOf(one.answers["200"]);
      if (json !== null) holds(json.schema, got.body, one.name);
    }
  };
  await look();
  const started = await running.post("/v1/services/web/rollouts", { strategy: "canary", version: "v42" });
  expect(started.status).toBe(201);
  await look();
  await running.post("/v1/services/web/rollout/promote");
  await expect.poll(async () => (await running.ask("/v1/services/web")).body.applied.shares).toMatchObject({ green: 10_000 });
  await look();
});
