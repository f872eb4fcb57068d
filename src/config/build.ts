import { resolve } from "node:path";
import { anchorCommand, anchorSecret, anchorSecrets, type From } from "./anchor.ts";
import { buildHooks, buildNotifier, buildRolling } from "./build-hook.ts";
import type { NginxTarget, Service, Settings } from "./config.ts";
import type { Parsed } from "./schema/file.ts";

type ParsedService = Parsed["services"][string];
type ParsedMetric = ParsedService["metrics"][string];
type ParsedTarget = Omit<NginxTarget, "name">;

type Outside = { readonly targets: readonly string[]; readonly freezes: Service["freezes"] };

/** Names, default targets and freezes of all services come from outside of a service's block. */
function buildService(name: string, parsed: ParsedService, { targets, freezes }: Outside, from: From): Service {
  const metrics = Object.entries(parsed.metrics).map(([key, metric]) => [key, buildMetric(key, metric, from)] as const);
  return {
    ...parsed,
    name,
    targets: parsed.targets ?? targets,
    metrics: Object.fromEntries(metrics),
    rolling: buildRolling(parsed.rolling, from),
    hooks: buildHooks(parsed.hooks, from),
    freezes: [...freezes, ...parsed.freezes],
  };
}

/** Files that a metric reads or runs. */
function buildMetric(name: string, metric: ParsedMetric, from: From): Service["metrics"][string] {
  switch (metric.source) {
    case "scrape":
    case "nginx":
      return { ...metric, name };
    case "prometheus":
    case "http": {
      const { auth, headers, ca } = metric;
      const token = auth?.by === "bearer" ? { ...auth, token: anchorSecret(auth.token, from) } : null;
      const basic = auth?.by === "basic" ? { ...auth, password: anchorSecret(auth.password, from) } : null;
      return { ...metric, name, auth: token ?? basic, headers: anchorSecrets(headers, from), ca: ca === null ? null : from(ca) };
    }
    case "command":
      return { ...metric, name, command: anchorCommand(metric.command, from), env: anchorSecrets(metric.env, from) };
  }
}

/** Relative paths start at the folder of the file; a program's bare name is looked up in PATH. */
function buildTarget(name: string, parsed: ParsedTarget, from: From): NginxTarget {
  const { status } = parsed;
  return {
    ...parsed,
    name,
    include: from(parsed.include),
    tables: from(parsed.tables),
    status: status.startsWith("unix:") ? `unix:${from(status.slice("unix:".length))}` : status,
    drive: buildDrive(parsed.drive, from),
  };
}

function buildDrive(drive: ParsedTarget["drive"], from: From): NginxTarget["drive"] {
  switch (drive.by) {
    case "local": {
      const binary = drive.binary.includes("/") ? from(drive.binary) : drive.binary;
      return { ...drive, binary, config: from(drive.config), pid: from(drive.pid) };
    }
    case "signal":
      return { ...drive, config: drive.config === null ? null : from(drive.config), pid: from(drive.pid) };
    case "command":
      return { ...drive, pid: drive.pid === null ? null : from(drive.pid) };
  }
}

function isOne(nginx: Parsed["nginx"]): nginx is ParsedTarget {
  return "drive" in nginx && "by" in nginx.drive;
}

/** The configuration that a parsed file stands for. `folder` is where its relative paths start. */
export function build(parsed: Parsed, folder: string): Settings {
  const from = (path: string): string => resolve(folder, path);
  const blocks = isOne(parsed.nginx) ? { local: parsed.nginx } : parsed.nginx;
  const nginx = Object.entries(blocks).map(([name, block]) => [name, buildTarget(name, block, from)] as const);
  const targets = Object.keys(blocks);
  const outside = { targets, freezes: parsed.freeze };
  const services = Object.entries(parsed.services).map(
    ([name, service]) => [name, buildService(name, service, outside, from)] as const,
  );
  const { listen, tls } = parsed.api;
  return {
    api: {
      ...parsed.api,
      listen: "unix" in listen ? { unix: from(listen.unix) } : listen,
      tls: typeof tls === "string" ? tls : { cert: from(tls.cert), key: from(tls.key) },
    },
    state: from(parsed.state),
    history: parsed.history,
    nginx: Object.fromEntries(nginx),
    templates: parsed.templates === null ? null : from(parsed.templates),
    freeze: parsed.freeze,
    notify: parsed.notify.map((notifier) => buildNotifier(notifier, from)),
    services: Object.fromEntries(services),
  };
}
