import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { launch } from "../bin/launch.js";

/** Where nginx is on machines that do not have it on the PATH of every user. */
const FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

const POLICY = "/usr/sbin/policy-rc.d";
/** 101 forbids: https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt. */
const KEEP_STOPPED = "#!/bin/sh\n# Made by Sluice's set-up while it installs nginx, and removed by it.\nexit 101\n";

const COMMANDS = `  apt:  sudo apt-get update && sudo apt-get install -y nginx
  dnf:  sudo dnf install -y nginx
  apk:  sudo apk add nginx
  brew: brew install nginx`;

/**
 * The path of nginx, or null where there is none.
 *
 * @param {string} [path] folders to look in
 * @returns {string | null}
 */
export function findNginx(path = [process.env.PATH, ...FOLDERS].join(delimiter)) {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, "nginx")).find(isExecutable) ?? null;
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs nginx with apt where we may, else throws with the command to run. Answers its path.
 *
 * @param {(text: string) => void} say
 * @param {string} [apt]
 * @returns {Promise<string>}
 */
export async function installNginx(say, apt = "/usr/bin/apt-get") {
  if (process.getuid?.() !== 0 || !existsSync(apt)) {
    throw new Error(
      `nginx is missing: the tests and the demo run a real one. Run the line for your system, then this again:\n${COMMANDS}`,
    );
  }
  say(
    "installing nginx with apt-get, because the tests and the demo run a real one and there is none on the PATH or in /usr/sbin",
  );
  await withoutStart(say, () => aptInstall(apt));
  const nginx = findNginx();
  if (nginx === null) throw new Error("apt-get installed the package nginx, yet there is no nginx on the PATH or in /usr/sbin");
  await keepFromBoot(say);
  return nginx;
}

/** @param {string} apt */
async function aptInstall(apt) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "nginx"]]) {
    const code = await launch(apt, args, env);
    if (code !== 0) throw new Error(`\`apt-get ${args.join(" ")}\` failed with exit code ${code}; its own words are above`);
  }
}

/**
 * Debian starts a service as it installs it, which would take port 80. A policy file says no for as long as `work` runs.
 *
 * @param {(text: string) => void} say
 * @param {() => Promise<void>} work
 * @param {string} [policy] the file that Debian asks
 */
export async function withoutStart(say, work, policy = POLICY) {
  // One of ours is left over where an earlier set-up was killed.
  const isTheirs = existsSync(policy) && readFileSync(policy, "utf8") !== KEEP_STOPPED;
  if (isTheirs) {
    say(`${policy} is there already and stays as it is: it decides whether nginx is started`);
    return work();
  }
  writeFileSync(policy, KEEP_STOPPED, { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(policy, { force: true });
  }
}

/** @param {(text: string) => void} say */
async function keepFromBoot(say) {
  if (!existsSync("/usr/bin/systemctl")) return;
  const code = await launch("/usr/bin/systemctl", ["--quiet", "disable", "nginx.service"]);
  if (code === 0) say("nginx was not started, and its service is disabled: `systemctl enable --now nginx` starts it");
}
