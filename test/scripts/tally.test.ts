import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { add, countCheck, countTests, line } from "../../scripts/tally.mjs";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tally-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** What vitest's JSON reporter writes: a status and the tests' own for each file. */
async function results(...files: readonly { status: string; tests: readonly string[] }[]): Promise<string> {
  const testResults = files.map(({ status, tests }, i) => ({
    name: `${i}.test.ts`,
    status,
    message: "",
    assertionResults: tests.map((each) => ({ status: each })),
  }));
  const file = join(folder, "results.json");
  await writeFile(file, JSON.stringify({ testResults }));
  return file;
}

test("tests are counted over all files", async () => {
  const file = await results(
    { status: "passed", tests: ["passed", "passed"] },
    { status: "failed", tests: ["passed", "failed"] },
  );
  expect(countTests(file, 1)).toEqual({ passed: 3, failed: 1, skipped: 0 });
});

test("what neither passed nor failed is skipped", async () => {
  const file = await results({ status: "passed", tests: ["passed", "skipped", "pending", "todo"] });
  expect(countTests(file, 0)).toEqual({ passed: 1, failed: 0, skipped: 3 });
});

test("a file that could not be loaded is a failure, beside the tests of other files", async () => {
  const file = await results({ status: "failed", tests: [] }, { status: "passed", tests: ["passed"] });
  expect(countTests(file, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("an exit code that no test explains is a failure", async () => {
  const file = await results({ status: "passed", tests: ["passed"] });
  expect(countTests(file, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("a run that wrote nothing is a failure, whatever its exit code", () => {
  expect(countTests(join(folder, "none.json"), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a check counts as one test", () => {
  expect([0, 2].map(countCheck).reduce(add)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("the line tells of skipped tests only where there are some", () => {
  expect(line({ passed: 12, failed: 0, skipped: 0 })).toBe("12 passed, 0 failed");
  expect(line({ passed: 12, failed: 1, skipped: 3 })).toBe("12 passed, 1 failed, 3 skipped");
});
