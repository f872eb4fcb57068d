#!/usr/bin/env node
/** The command `sluice`: in a checkout it runs the sources, in an installed package what was built from them. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isNewEnough, launch, newEnoughNode, OLDEST_NODE } from "./launch.js";

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));

const sources = new URL("../src/main.ts", import.meta.url);
const main = existsSync(sources) ? sources : new URL("../dist/main.js", import.meta.url);

if (isNewEnough(process.versions.node)) {
  // No second process: it would cost more than most commands take.
  await import(main.href);
} else {
  const node = newEnoughNode(path(".."));
  if (node === null) {
    console.error(
      `sluice needs Node ${OLDEST_NODE} or newer, and this is ${process.version} (${process.execPath}). ` +
        `Install a newer one from https://nodejs.org/, or run \`npm ci\` in a checkout, which brings its own.`,
    );
    process.exitCode = 1;
  } else {
    process.exitCode = await launch(node, [fileURLToPath(main), ...process.argv.slice(2)]);
  }
}
