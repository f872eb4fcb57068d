import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonSchema } from "../../src/config/json-schema.ts";
import { root } from "../support/sources.ts";
import { marked, readPages } from "./pages.ts";
import { type Schema, settingsOf, table, topTable } from "./reference.ts";

const PATH = "docs/configuration.md";
const schema = jsonSchema() as Schema & { readonly $defs: { readonly hook: Schema } };
const settings = settingsOf(schema);
/** Hooks stand at many places, and are described once. */
const hook = settingsOf(schema.$defs.hook, "hook");
const TABLES: Readonly<Record<string, string>> = {
  settings: topTable(settings),
  "settings history": table(settings, "history"),
  "settings api": table(settings, "api"),
  "settings nginx": table(settings, "nginx"),
  "settings freeze": table(settings, "freeze[]"),
  "settings notify": table(settings, "notify[]"),
  "settings services.NAME": table(settings, "services.NAME"),
  "settings hook": table(hook, "hook"),
};

function page() {
  const found = readPages().find(({ path }) => path === PATH);
  if (found === undefined) throw new Error(`${PATH} is missing`);
  return found;
}

if (process.env.SLUICE_WRITE_DOCS !== undefined) {
  const written = Object.entries(TABLES).reduce((text, [name, rows]) => {
    const [before = "", after = ""] = text.split(`<!-- ${name} -->`);
    const [, rest = ""] = after.split(`<!-- /${name} -->`);
    return `${before}<!-- ${name} -->\n\n${rows}\n\n<!-- /${name} -->${rest}`;
  }, page().text);
  writeFileSync(join(root, PATH), written);
}

describe("docs/configuration.md", () => {
  for (const [name, rows] of Object.entries(TABLES)) {
    test(`has the table "${name}" as the schema has it (SLUICE_WRITE_DOCS=1 npx vitest run test/docs writes it anew)`, () => {
      expect(marked(page(), name)).toBe(rows);
    });
  }

  test("has every setting of the schema in one of its tables", () => {
    const { text } = page();
    const missing = [...settings, ...hook].filter(
      ({ path }) =>
        !text.includes(`| \`${path.replace(/^(history|api|nginx|freeze\[\]|notify\[\]|services\.NAME|hook)\./, "")}\` |`),
    );
    expect(missing.map(({ path }) => path)).toEqual([]);
  });
});
