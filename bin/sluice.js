#!/usr/bin/env node
/** The command `sluice`: in a checkout it runs the sources, in an installed package what was built from them. */
import { existsSync, statSync } from "node:fs";
import module from "node:module";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { followLauncher, isNewEnough, launch, newEnoughNode, OLDEST_NODE } from "./launch.js";

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * Where what was compiled may lie for the next start: below this user's own home, because whoever can write there decides what runs.
 * Null where that home is somebody else's, as with sudo, or where there is none, as in a service.
 */
function userCache() {
  const home = process.env.HOME ?? "";
  if (!isAbsolute(home) || home === "/") return null;
  const isOwn = statSync(home, { throwIfNoEntry: false })?.uid === process.getuid?.();
  return isOwn ? join(home, ".cache", "sluice") : null;
}

const sources = new URL("../src/main.ts", import.meta.url);
const isCheckout = existsSync(sources);

if (isNewEnough(process.versions.node)) {
  await followLauncher();
  // Everything is compiled anew at every start otherwise, which takes longer than most commands.
  const cache = isCheckout ? path("../node_modules/.cache/sluice") : userCache();
  if (cache !== null) module.enableCompileCache(cache);
  // No second process, for the same reason.
  await import(isCheckout ? sources.href : new URL("../dist/main.js", import.meta.url).href);
} else {
  const node = newEnoughNode(path(".."));
  if (node === null) {
    console.error(
      `sluice needs Node ${OLDEST_NODE} or newer, and this is ${process.version} (${process.execPath}). ` +
        `Install a newer one from https://nodejs.org/, or run \`npm ci\` in a checkout, which brings its own.`,
    );
    process.exitCode = 1;
  } else {
    process.exitCode = await launch(node, [path("sluice.js"), ...process.argv.slice(2)], process.env, { tied: true });
  }
}
