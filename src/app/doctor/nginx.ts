import { readlink } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { NginxTarget } from "../../config/config.ts";
import type { Ms } from "../../core/units.ts";
import { parseCapabilities } from "../../nginx/capabilities.ts";
import { findMaster } from "../../nginx/processes.ts";
import { probeProblem } from "../../nginx/reach.ts";
import { StatusClient } from "../../nginx/status.ts";
import { type Examined, fail, ok, warn } from "./examined.ts";

/** `nginx -V` prints and ends. */
const VERSION_MS: Ms = 10_000;
const STATUS_MS: Ms = 1_000;
/** Parts of nginx that the rendered files are written with, as far as they can be left out of a build. */
const MODULES = ["map", "split_clients", "rewrite", "proxy", "userid"] as const;
/** Only clients without a cookie of their own need it. */
const OPTIONAL = new Set<string>(["userid"]);

/** The binary: its version, and the modules that it was built without. */
export async function examineBuild({ name, drive }: NginxTarget): Promise<Examined[]> {
  if (drive.by !== "local") return [ok("nginx", `${name}: is driven without a binary here; its build was not looked at`)];
  const { stderr, exitCode, code } = await execa(drive.binary, ["-V"], { reject: false, timeout: VERSION_MS });
  if (exitCode !== 0) {
    const why = code === "ENOENT" ? "is not there" : `cannot be run (${code ?? `exit ${exitCode}`})`;
    return [fail("nginx", `${name}: ${drive.binary} ${why}`, "install nginx, or put nginx.binary right")];
  }
  const { version } = parseCapabilities(stderr);
  const lacking = MODULES.filter((module) => stderr.includes(`--without-http_${module}_module`));
  return [
    ok("nginx", `${name}: nginx ${version} (${drive.binary})`),
    ...lacking.map((module) =>
      OPTIONAL.has(module)
        ? warn("nginx", `${name}: built without http_${module}_module`, "use a key that needs no cookie of nginx's own")
        : fail("nginx", `${name}: built without http_${module}_module`, "use the package of your distribution or of nginx.org"),
    ),
  ];
}

/** The running master, and whether this user may signal it. */
export async function examineMaster({ name, drive }: NginxTarget): Promise<Examined> {
  if (drive.pid === null)
    return ok("nginx", `${name}: is reloaded by ${drive.by === "command" ? drive.reload.join(" ") : "a command"}`);
  const found = await findMaster(drive.pid);
  if (found.is === "none") return warn("nginx", `${name}: ${found.why}`, "start nginx; `sluice serve` waits for it");
  if (drive.by === "command") return ok("nginx", `${name}: runs with pid ${found.master.pid}`);
  try {
    process.kill(found.master.pid, 0);
    return ok("nginx", `${name}: runs with pid ${found.master.pid}, and may be signalled`);
  } catch {
    const who = `uid ${process.geteuid?.() ?? "?"}`;
    const fix = "run Sluice as the user of nginx's master, or set nginx.reload to a command that may reload it";
    return fail("nginx", `${name}: ${who} may not signal the master with pid ${found.master.pid}`, fix);
  }
}

/** What nginx answers at the status address, and whether it is what lies on disk. */
export async function examineServed(target: NginxTarget): Promise<Examined[]> {
  const { name, include, status, tables } = target;
  const current = await readlink(join(include, "current")).catch(() => null);
  if (current === null) return [warn("served", `${name}: no files are written in ${include} yet`, "sluice render --write")];
  const answer = await new StatusClient(status, STATUS_MS).generation();
  if (answer === null) {
    const fix = `see that nginx runs and that its http block has: include ${include}/current/*.http.conf;`;
    return [fail("served", `${name}: nothing of Sluice answers at ${status}`, `${fix}  then: sluice check --nginx`)];
  }
  const same = current.replace(/\/$/, "") === `gen-${answer.generation}`;
  const generation = same
    ? ok("served", `${name}: nginx serves generation ${answer.generation}, which is the one on disk`)
    : warn(
        "served",
        `${name}: nginx serves generation ${answer.generation}, and ${current} lies on disk`,
        "start `sluice serve`, which reloads nginx",
      );
  const seen = answer.probe
    ? ok("served", `${name}: nginx's workers read the tables in ${tables}`)
    : fail("served", `${name}: ${await probeProblem(tables)}`, "without it all requests of a live service go to its stable pool");
  return [generation, seen];
}
