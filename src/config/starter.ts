import { parseAddress } from "./address.ts";
import type { Config, Service } from "./config.ts";
import { DEFAULTS } from "./defaults.ts";
import { nginxName } from "./nginx-name.ts";

/** An upstream of an existing nginx.conf, as it is written there. */
export type FoundUpstream = { readonly name: string; readonly servers: readonly string[] };

export type StarterInput = {
  /** Upstreams to make services of; with none, the file has an example service. */
  readonly upstreams?: readonly FoundUpstream[];
  /** The main nginx.conf, where another than the usual one is used. */
  readonly nginxConfig?: string;
  /** nginx's pid file, and the folder for Sluice's files, where they are others than the usual ones. */
  readonly pid?: string;
  readonly include?: string;
  /** Where the JSON Schema of the file can be found, for editors. */
  readonly schema?: string;
};

const EXAMPLE: FoundUpstream = { name: "web", servers: ["127.0.0.1:8001", "127.0.0.1:8002"] };

/** A YAML text in double quotes, which are JSON's. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("${", "$${");
}

/** An upstream's name as a service's: what nginx allows and Sluice does not is replaced, and twins are numbered. */
function serviceName(upstream: string, taken: Set<string>): string {
  const plain = upstream
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 36);
  const base = plain === "" || plain === "sluice" || plain.startsWith("sluice-") ? "web" : plain;
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}${number}`;
  taken.add(name);
  return name;
}

/** nginx reads a server without a port as port 80; what Sluice cannot take (unix sockets, say) is left out and named. */
function membersOf(servers: readonly string[]): { readonly members: readonly string[]; readonly left: readonly string[] } {
  const withPort = servers.map((server) => (/:\d+$/.test(server) ? server : `${server}:80`));
  const usable = withPort.filter((server) => parseAddress(server) !== undefined);
  return { members: [...new Set(usable)], left: servers.filter((_, index) => !usable.includes(withPort[index] ?? "")) };
}

function serviceYaml(upstream: FoundUpstream, green: readonly string[], taken: Set<string>): string {
  const name = serviceName(upstream.name, taken);
  const { members, left } = membersOf(upstream.servers);
  const note =
    left.length === 0 ? "" : `      # not taken over from nginx.conf, as they are no host:port: ${left.map(quoted).join(", ")}\n`;
  return `  ${name}:
    # weighted: one upstream called ${nginxName(name)}, so that proxy_pass http://${nginxName(name)}; stays as it is; every change is a reload.
    # live: traffic moves without a reload, and clients can be kept in their pool; needs two more lines in nginx.conf.
    routing: ${DEFAULTS.service.routing}
    pools:
${note}      blue: { members: [${members.map(quoted).join(", ")}] }
      # Where the next version will run.
      green: { members: [${green.map(quoted).join(", ")}] }
    # The pool that carries the traffic when Sluice starts for the first time.
    stable: blue
    # Without a path, a member that accepts a connection is healthy.
    health: { interval: ${DEFAULTS.health.interval}, timeout: ${DEFAULTS.health.timeout}, passes: ${DEFAULTS.health.passes}, fails: ${DEFAULTS.health.fails} }
    # health: { path: /healthz }
    # Numbers to judge a new version by, from the metrics page of each member.
    # metrics:
    #   errors: { source: scrape, path: /metrics, window: 30s, ratio: { of: 'http_requests_total{code=~"5.."}', to: http_requests_total } }
    canary:
      steps:
        - { share: 5%, for: 5m }
        - { share: 25%, for: 10m }
        - { share: 50%, until: approved }
        - { ramp: 100%, over: 10m }
      # checks: [{ metric: errors, below: 2%, minRequests: 50 }]
    blueGreen: { bake: 10m }
    # To update the members of one pool in place, one after the other.
    # rolling: { deploy: [./deploy.sh, "{member}", "{version}"], rollback: [./deploy.sh, "{member}", previous] }
    # What is called on the way of every rollout, and when none goes forward.
    # hooks: { beforeStart: [./migrate.sh, "{version}"] }
    # freeze: [{ name: weekend, days: [sat, sun], zone: UTC }]
`;
}

/** A commented configuration to start from. `parseConfig` takes it as it is. */
export function starterYaml(input: StarterInput = {}): string {
  const { nginx } = DEFAULTS;
  const found = input.upstreams ?? [];
  const taken = new Set<string>();
  const services =
    found.length === 0
      ? serviceYaml(EXAMPLE, ["127.0.0.1:8003", "127.0.0.1:8004"], taken)
      : found.map((upstream) => serviceYaml(upstream, [], taken)).join("\n");
  return `${input.schema === undefined ? "" : `# yaml-language-server: $schema=${input.schema}\n`}# Sluice's configuration. Try it with: sluice check
# Durations are 250ms, 5s, 10m, 1h; shares are 5% or 0.25%; \${NAME} and \${NAME:-default} come from the environment.

# Where sluice and curl reach the controller: host:port, or unix:/run/sluice/api.sock.
api: { listen: ${quoted(DEFAULTS.api.listen)} }

# Sluice's database and the API's token.
state: ${DEFAULTS.state}

nginx:
  binary: ${nginx.binary}
  config: ${quoted(input.nginxConfig ?? nginx.config)}
  pid: ${quoted(input.pid ?? nginx.pid)}
  # The folder that Sluice writes nginx's files to.
  include: ${quoted(input.include ?? nginx.include)}
  # Tables for routing: live; nginx's workers must be able to read this folder.
  tables: ${nginx.tables}
  # A free port on this machine, where nginx tells Sluice which configuration it serves.
  status: ${quoted(nginx.status)}

services:
${services}`;
}

function serverLines(service: Service, current: string): string[] {
  const name = nginxName(service.name);
  const live = service.routing === "live";
  return [
    "    server {",
    ...(live
      ? [`        include ${current}/${service.name}.server.conf;    # ${service.name}: before any rewrite of this server`]
      : []),
    "        …",
    `        location / {    # of ${service.name}`,
    ...(live
      ? [
          "            proxy_set_header Host $host;    # members would see the name of the pool",
          `            proxy_redirect http://$${name}_pool/ /;`,
        ]
      : []),
    `            proxy_pass http://${live ? `$${name}_pool` : name};`,
    "        }",
    `        include ${current}/sluice.closing.conf;    # last, once in each server`,
    "    }",
  ];
}

/** The lines to add to an existing nginx.conf, for people to read, target by target. */
export function includeLines(config: Pick<Config, "nginx" | "services">): string {
  const parts = Object.values(config.nginx).map((target) => {
    const current = `${target.include}/current`;
    const services = Object.values(config.services).filter((service) => service.targets.includes(target.name));
    const lines = [
      "http {",
      `    include ${current}/*.http.conf;`,
      ...services.flatMap((service) => ["", ...serverLines(service, current)]),
      "}",
    ];
    return [`# nginx.conf of ${target.name}`, ...lines].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
}
