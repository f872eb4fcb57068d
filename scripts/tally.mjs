import { existsSync, readFileSync } from "node:fs";

/** @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: number }} Tally */

/** @typedef {{ readonly status: string }} Assertion */

/** @typedef {{ readonly name: string, readonly status: string, readonly message: string, readonly assertionResults: readonly Assertion[] }} TestFile */

/** @type {Tally} */
const PASSED = { passed: 1, failed: 0, skipped: 0 };
/** @type {Tally} */
const FAILED = { passed: 0, failed: 1, skipped: 0 };

/**
 * One check, which counts as one test.
 *
 * @param {number} code its exit code
 * @returns {Tally}
 */
export function countCheck(code) {
  return code === 0 ? PASSED : FAILED;
}

/**
 * @param {Tally} a
 * @param {Tally} b
 * @returns {Tally}
 */
export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** @param {Tally} tally */
export function line({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * Counts what vitest wrote. Whatever made vitest fail counts as at least one failure, also where no single test failed: a file
 * that cannot be loaded, an error outside of every test, a run that was cut short.
 *
 * @param {string} file
 * @param {number} code vitest's exit code
 * @returns {Tally}
 */
export function countTests(file, code) {
  if (!existsSync(file)) return FAILED;
  /** @type {{ testResults: readonly TestFile[] }} */
  const { testResults } = JSON.parse(readFileSync(file, "utf8"));
  const tally = testResults.map(countFile).reduce(add, { passed: 0, failed: 0, skipped: 0 });
  return code !== 0 && tally.failed === 0 ? add(tally, FAILED) : tally;
}

/**
 * @param {TestFile} file
 * @returns {Tally}
 */
function countFile({ status, assertionResults }) {
  const count = (/** @type {string} */ wanted) => assertionResults.filter((result) => result.status === wanted).length;
  const [passed, failed] = [count("passed"), count("failed")];
  const skipped = assertionResults.length - passed - failed;
  return { passed, failed: failed === 0 && status === "failed" ? 1 : failed, skipped };
}
