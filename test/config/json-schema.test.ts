import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import * as z from "zod";
import { jsonSchema } from "../../src/config/json-schema.ts";

type Node = { readonly [key: string]: unknown; readonly description?: string; readonly properties?: Record<string, Node> };

test("the committed copy is the schema of the program (npm run schema writes it anew)", async () => {
  const committed = JSON.parse(await readFile(new URL("../../schema/sluice.schema.json", import.meta.url), "utf8"));
  expect(committed).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});

test("it names its draft and can be read as a schema", () => {
  expect(jsonSchema().$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(() => z.fromJSONSchema(jsonSchema() as Parameters<typeof z.fromJSONSchema>[0])).not.toThrow();
});

test("every key says what it is for", () => {
  const silent: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, child] of Object.entries((node as Node).properties ?? {})) {
      if (!child.description) silent.push(`${path}.${key}`);
    }
    for (const [key, child] of Object.entries(node)) visit(child, `${path}.${key}`);
  };
  visit(jsonSchema(), "");
  expect(silent).toEqual([]);
});

test("an editor shows what people write, not what the program makes of it", () => {
  const text = JSON.stringify(jsonSchema());
  expect(text).toContain('"for"');
  expect(text).not.toContain("forMs");
  expect(text).toContain('"default":"2s"');
});
