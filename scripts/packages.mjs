import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { launch } from "../bin/launch.js";

/**
 * Why `npm ci` has to run, or null where node_modules is as new as the lock file.
 *
 * @param {string} root
 * @returns {string | null}
 */
export function whyInstall(root) {
  // npm writes this file last, so its absence also means an installation that was cut short.
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return "they are not installed yet";
  const isNewer = statSync(join(root, "package-lock.json")).mtimeMs > statSync(installed).mtimeMs;
  return isNewer ? "package-lock.json is newer than what is installed" : null;
}

/** In the current folder. */
export async function installPackages() {
  const code = await launch("npm", ["ci"]);
  if (code !== 0) throw new Error(`\`npm ci\` failed with exit code ${code}; its own words are above`);
}
