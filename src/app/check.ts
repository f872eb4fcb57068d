import type { Config, NginxTarget } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import { ConfigError, type Problem } from "../config/errors.ts";
import { readBuild } from "../nginx/command.ts";
import { inspectNginx } from "../nginx/inspect/inspect.ts";
import { readCertificate } from "./certificate.ts";
import { checkTemplates } from "./check-templates.ts";

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

type Source = { readonly config: string; readonly env: Env };

/** Findings of the configuration and its templates; with `nginx` also what is wrong on this machine: its certificate, every local nginx that it drives. */
export async function checkAll(source: Source, read: () => Promise<Config>, nginx: boolean): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = await read();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => fromProblem(problem, "error"));
    throw error;
  }
  const templates = config.templates === null ? [] : await checkTemplates(source.config, config);
  const own = [
    ...templates.map((problem) => fromProblem(problem, "error")),
    ...config.warnings.map((problem) => fromProblem(problem, "warning")),
  ];
  if (!nginx) return own;
  const found = await Promise.all(Object.values(config.nginx).map((target) => checkTarget(config, target)));
  return [...own, ...(await checkCertificate(source, config)), ...found.flat()];
}

const MEND_TLS = "put a certificate (PEM, with its chain) and its key where api.tls names them, readable for Sluice's user";

/** What would keep `serve` from speaking TLS, or clients from trusting it. */
async function checkCertificate(source: Source, config: Config): Promise<readonly Finding[]> {
  try {
    const certificate = await readCertificate(source, config, Date.now());
    const place = { file: source.config, line: 0, column: null, path: "api.tls" };
    return (certificate?.warnings ?? []).map((message) => ({
      severity: "warning",
      code: "configuration",
      ...place,
      message,
      fix: null,
    }));
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((problem) => ({ ...fromProblem(problem, "error"), fix: MEND_TLS }));
    throw error;
  }
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
