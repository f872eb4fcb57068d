import { describe, expect, test } from "vitest";
import { metricTexts } from "../../src/app/metric-texts.ts";
import { ConfigError, formatProblem } from "../../src/config/errors.ts";
import { parseConfig } from "../../src/config/load.ts";
import { blocksOf, readPages } from "./pages.ts";

const WHOLE = "# sluice.yaml\n";
const PART = "# part of sluice.yaml, in services.web\n";
const AROUND = `services:
  web:
    routing: live
    pools: { blue: { members: ["127.0.0.1:8001"] }, green: { members: ["127.0.0.1:8002"] } }
    stable: blue
`;

/** The file that a block shows, or shows a part of; null where it is of something else. */
function fileOf(text: string): string | null {
  if (text.startsWith(WHOLE)) return text;
  if (!text.startsWith(PART)) return null;
  return AROUND + text.slice(PART.length).replaceAll(/^(?=.)/gm, "    ");
}

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, "sluice.yaml", {}, metricTexts);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

describe("every sluice.yaml that a page shows can be used", () => {
  const blocks = readPages().flatMap((page) => blocksOf(page).filter(({ info }) => info === "yaml"));

  test("and says which one it is in its first line", () => {
    expect(blocks.length).toBeGreaterThan(4);
    expect(blocks.filter(({ text }) => fileOf(text) === null).map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });

  for (const { page, line, text } of blocks) {
    test(`${page}:${line}`, () => {
      expect(problemsOf(fileOf(text) ?? "")).toEqual([]);
    });
  }
});
