import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonSchema } from "../../src/config/json-schema.ts";
import { root } from "../support/sources.ts";
import { type Schema, settingsOf } from "./reference.ts";

const page = readFileSync(join(root, "docs/migrating.md"), "utf8");
const settings = settingsOf(jsonSchema() as Schema);
/** Every key of the configuration, whatever block it stands in. */
const keys = new Set(settings.flatMap(({ path }) => path.split(/[.[\]]+/)));

test("the settings in the column of Sluice in docs/migrating.md exist", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && !line.includes("---"));
  expect(rows.length).toBeGreaterThan(40);
  const named = rows.flatMap((row) => {
    const cell = row.split(" | ")[1] ?? "";
    const spans = [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? "").filter((text) => !text.startsWith("sluice "));
    // Keys of YAML, and dotted paths. A metric has the name that one likes.
    return spans.flatMap((text) => [
      ...[...text.replaceAll(/^\w+: \{ source/g, "{ source").matchAll(/([A-Za-z][\w.]*):(?=\s|$)/g)].map(([, key]) => key ?? ""),
      ...(/^[a-zA-Z]+(\.[a-zA-Z]+)+$/.test(text) ? [text] : []),
    ]);
  });
  const unknown = named.flatMap((path) => path.split(".")).filter((key) => key !== "NAME" && !keys.has(key));
  expect(named.length).toBeGreaterThan(30);
  expect(unknown).toEqual([]);
});
