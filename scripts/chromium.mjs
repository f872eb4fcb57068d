import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { launch } from "../bin/launch.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/snap/bin"];

/**
 * The path of a Chromium, or null where there is none.
 *
 * @param {string} [path] folders to look in
 * @returns {string | null}
 */
export function findChromium(path = [process.env.PATH, ...FOLDERS].join(delimiter)) {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable) ?? null;
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
 * Installs Chromium with apt where we may. The tests of the dashboard are skipped without it, so that nothing else fails where it
 * cannot be had; `say` is told why.
 *
 * @param {(text: string) => void} say
 * @param {string} [apt]
 */
export async function offerChromium(say, apt = "/usr/bin/apt-get") {
  if (findChromium() !== null) return;
  if (process.getuid?.() !== 0 || !existsSync(apt)) {
    say(
      "Chromium is missing, so the tests of the dashboard are skipped; with it (apt: sudo apt-get install -y chromium) they run",
    );
    return;
  }
  say("installing chromium with apt-get, because the dashboard is tested in a real browser and there is none on the PATH");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const code = await launch(apt, args, env);
    if (code !== 0) {
      say(`\`apt-get ${args.join(" ")}\` ended with ${code}, so the tests of the dashboard are skipped`);
      return;
    }
  }
}
