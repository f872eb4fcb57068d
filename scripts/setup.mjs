/**
 * Everything that `npm test` and `npm run demo` need on a machine that has git, Node (20 or later) and npm.
 *
 * Each part looks first, does nothing where nothing is missing, and otherwise says what it does and why.
 */
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { newEnoughNode, OLDEST_NODE } from "../bin/launch.js";
import { buildDashboard, whyBuild } from "./dashboard.mjs";
import { findNginx, installNginx } from "./nginx.mjs";
import { installPackages, whyInstall } from "./packages.mjs";

/** The folder of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What keeps the set-up from going on, in words for the person at the terminal. */
export class SetUpError extends Error {}

/** @param {string} text */
const say = (text) => console.log(`set-up: ${text}`);

/**
 * Sets up, and answers the environment for what is run next: our Node and our tools first on the PATH, nginx on it.
 *
 * @returns {Promise<{ node: string, env: NodeJS.ProcessEnv }>}
 */
export async function setUp() {
  const why = whyInstall(root);
  if (why !== null) {
    say(`installing the packages of package-lock.json into node_modules with \`npm ci\`, because ${why}`);
    await installPackages();
  }
  const node = newEnoughNode(root);
  if (node === null) {
    throw new SetUpError(
      `Node ${OLDEST_NODE} is missing: this is ${process.version}, and \`npm ci\` did not bring the package \`node\` (is \`ignore-scripts\` set in an .npmrc?). ` +
        `Run: npm ci --ignore-scripts=false`,
    );
  }
  const whyDashboard = whyBuild(root);
  if (whyDashboard !== null) {
    say(`building the dashboard into dist/dashboard, because ${whyDashboard}`);
    await buildDashboard(node, root);
  }
  const nginx = findNginx() ?? (await installNginx(say));
  const path = [dirname(node), join(root, "node_modules", ".bin"), process.env.PATH ?? "", dirname(nginx)];
  return { node, env: { ...process.env, PATH: path.join(delimiter) } };
}

/**
 * Runs a program of this repository: set-up, then `work`; its result is the exit code.
 *
 * @param {(tools: { node: string, env: NodeJS.ProcessEnv }) => Promise<number>} work
 */
export async function afterSetUp(work) {
  process.chdir(root);
  try {
    process.exitCode = await work(await setUp());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`set-up: ${error.message}`);
    process.exitCode = 1;
  }
}
