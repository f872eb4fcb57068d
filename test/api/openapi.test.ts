import { readFile, writeFile } from "node:fs/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiUnderTest } from "./api-under-test.ts";

const COPY = new URL("../../schema/openapi.json", import.meta.url).pathname;

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(() => api[Symbol.asyncDispose]());

/** `UPDATE=1 npx vitest run test/api/openapi.test.ts` writes the copy anew. */
test("the committed document is the one that is served", async () => {
  const served = await api.ask("/openapi.json");
  if (process.env.UPDATE === "1") {
    await writeFile(COPY, JSON.stringify(served.body, null, 2));
    await execa({ preferLocal: true })`biome format --write ${COPY}`;
  }
  expect(served.body).toEqual(JSON.parse(await readFile(COPY, "utf8")));
});

type Operation = {
  operationId: string;
  summary: string;
  tags: string[];
  security: unknown[];
  responses: Record<string, { content?: Record<string, unknown> }>;
};

test("every operation has an id of its own, words, a tag, and problem documents for errors", () => {
  const operations = Object.values(api.document.paths as Record<string, Record<string, Operation>>).flatMap(Object.values);
  expect(operations.length).toBeGreaterThan(20);
  expect(new Set(operations.map((one) => one.operationId)).size).toBe(operations.length);
  for (const one of operations) {
    expect(one.summary, one.operationId).toMatch(/^\p{Lu}/u);
    expect(one.tags, one.operationId).toHaveLength(1);
    expect(Object.keys(one.responses.default?.content ?? {}), one.operationId).toEqual(["application/problem+json"]);
  }
});

test("every schema that is referred to is there, and nothing else is", () => {
  const text = JSON.stringify(api.document);
  const referred = new Set([...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]));
  const { schemas } = api.document.components as { schemas: Record<string, unknown> };
  expect(Object.keys(schemas).sort()).toEqual([...referred].sort());
  expect(text).not.toContain("readOnly");
});
