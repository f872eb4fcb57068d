/**
 * `npm run test:compose`: builds the images, starts the stack of docker-compose.yml under a name of its own, walks through
 * docs/docker.md, and removes everything. Where no Docker Engine answers it is skipped, and says so.
 *
 * Arguments go to vitest: `npm run test:compose -- walk-through`. The last line is the count.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "../bin/launch.js";
import { afterSetUp, root } from "./setup.mjs";
import { countTests, line } from "./tally.mjs";

/** Part of the name of all that this run makes. */
const id = randomBytes(4).toString("hex");
const missing = whatIsMissing();
if (missing === null) await afterSetUp(run);
else {
  console.log(`test:compose: skipped, ${missing}`);
  console.log(`${line({ passed: 0, failed: 0, skipped: 1 })}`);
}

/** What there is no test without; null where all is there. */
function whatIsMissing() {
  const works = (/** @type {string[]} */ [program = "", ...args]) => spawnSync(program, args, { stdio: "ignore" }).status === 0;
  if (!works(["docker", "info"])) return "because no Docker Engine answers (docker info)";
  if (!works(["docker", "compose", "version"]) && !works(["docker-compose", "version"]))
    return "because there is neither docker compose nor docker-compose";
  return null;
}

/** @param {{ node: string, env: NodeJS.ProcessEnv }} tools */
async function run({ node, env }) {
  const temporary = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const results = join(temporary, "results.json");
  try {
    const reporters = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${results}`];
    const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "test/compose/vitest.config.ts"];
    const code = await launch(node, [...vitest, ...reporters, ...process.argv.slice(2)], { ...env, SLUICE_COMPOSE_RUN: id });
    const tally = countTests(results, code);
    console.log(line(tally));
    return tally.failed === 0 ? 0 : 1;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    sweep(`sluice-test-${id}`);
  }
}

/**
 * Removes what has the name of this run: the tests do that themselves, unless they were interrupted. And what the older builder
 * left of the stages of the Dockerfile.
 *
 * @param {string} name
 */
function sweep(name) {
  const docker = (/** @type {string[]} */ ...args) => spawnSync("docker", args, { encoding: "utf8" }).stdout ?? "";
  const lines = (/** @type {string} */ text) => text.split("\n").filter((one) => one.startsWith(name));
  const remove = (/** @type {string[]} */ verb, /** @type {string[]} */ names) => names.length > 0 && docker(...verb, ...names);
  remove(["rm", "--force", "--volumes"], lines(docker("ps", "--all", "--format", "{{.Names}}")));
  remove(["volume", "rm", "--force"], lines(docker("volume", "ls", "--format", "{{.Name}}")));
  remove(["network", "rm"], lines(docker("network", "ls", "--format", "{{.Name}}")));
  remove(["image", "rm", "--force"], lines(docker("images", "--format", "{{.Repository}}")));
  docker("image", "prune", "--force", "--filter", "label=sluice.stage");
}
