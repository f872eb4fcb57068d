import type { Config, NginxTarget } from "../config/config.ts";
import { ConfigError, type Problem } from "../config/errors.ts";
import { readBuild } from "../nginx/command.ts";
import { inspectNginx } from "../nginx/inspect/inspect.ts";

/** Something that `check` found in the configuration of Sluice or of nginx. Lines and columns count from 1. */
export type Finding = {
  readonly severity: "error" | "warning" | "info";
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
  readonly path: string;
  readonly message: string;
  readonly fix: string | null;
};

/** How long `nginx -T` may take: names in a large configuration are looked up one after the other. */
const DUMP_MS = 30_000;
/** Debian's and the official packages' worker user where no `user` directive names one. */
const BUILT_IN_USER = "nobody";

/** Findings of the configuration; with `nginx` also those of every local nginx that it drives. */
export async function checkAll(read: () => Promise<Config>, nginx: boolean): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = await read();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => fromProblem(problem, "error"));
    throw error;
  }
  const warnings = config.warnings.map((problem) => fromProblem(problem, "warning"));
  if (!nginx) return warnings;
  const found = await Promise.all(Object.values(config.nginx).map((target) => checkTarget(config, target)));
  return [...warnings, ...found.flat()];
}

function fromProblem(problem: Problem, severity: Finding["severity"]): Finding {
  return { severity, code: "configuration", ...problem, fix: null };
}

async function checkTarget(config: Config, target: NginxTarget): Promise<readonly Finding[]> {
  if (target.drive.by !== "local")
    return [
      {
        severity: "info",
        code: "nginx-elsewhere",
        file: "",
        line: 0,
        column: null,
        path: `nginx.${target.name}`,
        message: "has no binary here: its configuration is not on this host, and was not looked at",
        fix: null,
      },
    ];
  const { binary, config: main } = target.drive;
  const { capabilities } = await readBuild(target.drive);
  const services = Object.values(config.services).filter((service) => service.targets.includes(target.name));
  const { findings } = await inspectNginx(
    { binary, config: main, timeoutMs: DUMP_MS, builtInUser: BUILT_IN_USER },
    { services, target, capabilities },
  );
  return findings.map(({ service, ...finding }) => ({
    ...finding,
    column: null,
    path: service === null ? "" : `services.${service}`,
  }));
}
