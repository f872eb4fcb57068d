/**
 * `npm test`: everything that a reviewer would run. All parts run even where an earlier one failed.
 *
 * Arguments go to vitest, and then nothing else runs: `npm test -- test/store`. The last line is the count.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "../bin/launch.js";
import { offerChromium } from "./chromium.mjs";
import { afterSetUp, root } from "./setup.mjs";
import { add, countCheck, countTests, line } from "./tally.mjs";

await afterSetUp(async ({ node, env }) => {
  const args = process.argv.slice(2);
  await offerChromium((text) => console.log(`set-up: ${text}`));
  const temporary = mkdtempSync(join(tmpdir(), "sluice-test-"));
  try {
    // Side by side: the tests wait for nginx and for clocks a good part of the time.
    const checks = args.length > 0 ? [] : runChecks(node, env);
    const tests = runTests(node, env, args, join(temporary, "results.json"));
    const tally = [...(await checks), await tests].reduce(add);
    console.log(line(tally));
    return tally.failed === 0 ? 0 : 1;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});

/**
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 */
async function runChecks(node, env) {
  console.log("check: formatter and linter, types");
  // One thread each, side by side: tsc's threads would do a good part of the work twice.
  const tsc = [tool("typescript/bin/tsc"), "--singleThreaded", "-p"];
  const checks = await Promise.all([
    launch(node, [tool("@biomejs/biome/bin/biome"), "check", "."], env),
    launch(node, [...tsc, "."], env),
    launch(node, [...tsc, "src/dashboard"], env),
  ]);
  return checks.map(countCheck);
}

/**
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} args
 * @param {string} results
 */
async function runTests(node, env, args, results) {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const code = await launch(node, [tool("vitest/vitest.mjs"), "run", ...reporters, ...args], env);
  return countTests(results, code);
}

/** @param {string} path */
function tool(path) {
  return join(root, "node_modules", path);
}
