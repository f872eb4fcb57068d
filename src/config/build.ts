import { resolve } from "node:path";
import type { NginxTarget, Service, Settings } from "./config.ts";
import type { Parsed } from "./schema/file.ts";

type ParsedService = Parsed["services"][string];
type ParsedMetric = ParsedService["metrics"][string];
type Secret = Extract<ParsedMetric, { source: "command" }>["env"][string];
type ParsedTarget = Omit<NginxTarget, "name">;

/** Names and default targets of a service come from outside of its block. */
function buildService(name: string, parsed: ParsedService, targets: readonly string[], from: (path: string) => string): Service {
  const metrics = Object.entries(parsed.metrics).map(([key, metric]) => [key, buildMetric(key, metric, from)] as const);
  const none = {
    rolling: null,
    hooks: { beforeStart: [], beforeStep: [], afterStep: [], beforePromote: [], afterPromote: [], afterRevert: [], onFailed: [] },
    freezes: [],
  };
  return { ...parsed, ...none, name, targets: parsed.targets ?? targets, metrics: Object.fromEntries(metrics) };
}

/** Files that a metric reads or runs; a program's bare name is looked up in PATH. */
function buildMetric(name: string, metric: ParsedMetric, from: (path: string) => string): Service["metrics"][string] {
  const secret = (one: Secret): Secret => (one.from === "file" ? { ...one, path: from(one.path) } : one);
  const secrets = (all: Readonly<Record<string, Secret>>) =>
    Object.fromEntries(Object.entries(all).map(([key, one]) => [key, secret(one)]));
  switch (metric.source) {
    case "scrape":
    case "nginx":
      return { ...metric, name };
    case "prometheus":
    case "http": {
      const { auth, headers, ca } = metric;
      const token = auth?.by === "bearer" ? { ...auth, token: secret(auth.token) } : null;
      const basic = auth?.by === "basic" ? { ...auth, password: secret(auth.password) } : null;
      return { ...metric, name, auth: token ?? basic, headers: secrets(headers), ca: ca === null ? null : from(ca) };
    }
    case "command": {
      const [program = "", ...rest] = metric.command;
      // A path that begins with a variable is whole once that is filled in.
      const found = program.includes("/") && !program.startsWith("${") ? from(program) : program;
      return { ...metric, name, command: [found, ...rest], env: secrets(metric.env) };
    }
  }
}

/** Relative paths start at the folder of the file; a program's bare name is looked up in PATH. */
function buildTarget(name: string, parsed: ParsedTarget, from: (path: string) => string): NginxTarget {
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

function buildDrive(drive: ParsedTarget["drive"], from: (path: string) => string): NginxTarget["drive"] {
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
  const services = Object.entries(parsed.services).map(
    ([name, service]) => [name, buildService(name, service, targets, from)] as const,
  );
  const { listen } = parsed.api;
  return {
    api: { ...parsed.api, listen: "unix" in listen ? { unix: from(listen.unix) } : listen },
    state: from(parsed.state),
    history: parsed.history,
    nginx: Object.fromEntries(nginx),
    templates: parsed.templates === null ? null : from(parsed.templates),
    services: Object.fromEntries(services),
  };
}
