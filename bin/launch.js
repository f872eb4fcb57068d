/**
 * Finds a Node that is new enough, and hands the terminal over to it.
 *
 * Runs on the Node of the machine, which may be an old one, and before anything is installed: plain JavaScript, no packages.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

/** The oldest Node that runs TypeScript as it is and has `node:sqlite`. */
export const OLDEST_NODE = 24;

/** @param {string} version such as `24.21.0` */
export const isNewEnough = (version) => Number(version.split(".")[0]) >= OLDEST_NODE;

/**
 * The path of a Node that is new enough: the running one, or the one that npm installed below `root`. Null where there is neither.
 *
 * @param {string} root
 * @returns {string | null}
 */
export function newEnoughNode(root) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const installed = join(root, "node_modules", "node", "bin", "node");
  return existsSync(installed) ? installed : null;
}

/** Names the file descriptor whose end tells whoever was launched that its launcher is gone. */
const LAUNCHER = "SLUICE_LAUNCHER_FD";

/**
 * Stops this process, as a SIGTERM would, once the process that launched it is gone: killed with SIGKILL, it can pass nothing on.
 *
 * Does nothing where nobody launched it.
 */
export async function followLauncher() {
  const descriptor = Number(process.env[LAUNCHER]);
  delete process.env[LAUNCHER];
  if (!Number.isInteger(descriptor)) return;
  const { Socket } = await import("node:net");
  const line = new Socket({ fd: descriptor, readable: true, writable: false });
  line.once("close", () => process.kill(process.pid, "SIGTERM"));
  // An error closes it too, which says the same.
  line.on("error", () => {});
  line.resume();
  line.unref();
}

/**
 * Runs a command in our place: same terminal, our signals passed on. `tied` is for bin/sluice.js, which then stops where we are
 * killed. Resolves with its exit code, 128 + N where signal N ended it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {{ tied: boolean }} [how]
 * @returns {Promise<number>}
 */
export function launch(command, args, env = process.env, { tied } = { tied: false }) {
  const child = tied
    ? spawn(command, args, { stdio: ["inherit", "inherit", "inherit", "pipe"], env: { ...env, [LAUNCHER]: "3" } })
    : spawn(command, args, { stdio: "inherit", env });
  // A terminal sends Ctrl-C to both of us; a second one from here would look like an impatient user.
  const terminal = process.stdin.isTTY || process.stdout.isTTY;
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"];
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    if (!(terminal && signal === "SIGINT")) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      for (const name of signals) process.off(name, passOn);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
