import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { launch } from "../bin/launch.js";

/** What the dashboard is built from. */
const SOURCES = ["src/dashboard", "vite.config.ts", "package-lock.json"];
const BUILT = "dist/dashboard/index.html";

/**
 * Why the dashboard has to be built, or null where it is as new as its sources.
 *
 * @param {string} root
 * @returns {string | null}
 */
export function whyBuild(root) {
  const built = join(root, BUILT);
  if (!existsSync(built)) return "it is not built yet";
  const { mtimeMs } = statSync(built);
  return SOURCES.some((path) => newest(join(root, path)) > mtimeMs) ? "its sources are newer" : null;
}

/**
 * When a file, or any file of a folder, was changed last.
 *
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newest(join(path, name))));
}

/**
 * Builds it into dist/dashboard.
 *
 * @param {string} node
 * @param {string} root
 */
export async function buildDashboard(node, root) {
  const code = await launch(node, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"]);
  if (code !== 0) throw new Error(`the dashboard cannot be built: vite ended with ${code}; its own words are above`);
}
