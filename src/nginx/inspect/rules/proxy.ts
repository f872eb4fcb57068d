import { poolVariable } from "../../names.ts";
import { at, type Finding, type Severity } from "../finding.ts";
import { isPass, ownUpstreams, passHost, type Survey, type Use, variablesIn } from "../survey.ts";
import { parseTime } from "../time.ts";
import { inForce } from "../tree.ts";

/** What a location that passes requests to a service says of addresses, names, times and retries. */
export function proxy(survey: Survey): Finding[] {
  const uses = survey.uses.filter((use) => use.form === "location" || use.at.name === "proxy_pass");
  return [...notRouted(survey), ...uses.flatMap((use) => PER_USE.flatMap((rule) => rule(use, survey))), ...poolNamed(survey)];
}

const PER_USE: readonly ((use: Use, survey: Survey) => Finding[])[] = [
  uri,
  hostHeader,
  redirect,
  connectTimeout,
  retries,
  keptConnections,
];

/** Services that no request can come to. A name that goes through a variable of the user's counts: nobody can follow it. */
function notRouted(survey: Survey): Finding[] {
  const place = survey.http ?? survey.tree.directives[0];
  if (place === undefined) return [];
  const used = new Set(survey.uses.map((use) => use.service.name));
  const said = indirect(survey);
  return survey.services.flatMap((service) => {
    const { name } = service;
    const live = service.routing === "live";
    const [upstream = ""] = ownUpstreams(service);
    const target = live ? `$${poolVariable(name)}` : upstream;
    if (used.has(name) || said.has(target)) return [];
    const form = live ? `, and none includes ${name}.location.conf` : "";
    const message = `no location passes requests to http://${target}${form}: a rollout would change files that no request depends on`;
    const include = live
      ? `    include ${survey.target.include}/current/${name}.server.conf;   # first in the server block\n`
      : "";
    const fix = `Write in the server and location of the service:\n${include}    proxy_pass http://${target};`;
    return [at(place, "error", "service-not-routed", name, { message, fix })];
  });
}

const VALUES = new Set(["map", "geo", "split_clients"]);

/** Variables (with `$`) and hosts that the user puts into variables. */
function indirect(survey: Survey): ReadonlySet<string> {
  const setting = survey.all.filter((one) => !survey.isOwn(one) && (one.name === "set" || VALUES.has(one.parent?.name ?? "")));
  const values = setting.flatMap((one) => one.args);
  return new Set(
    values.flatMap((value) => [passHost(value)?.toLowerCase() ?? "", ...variablesIn(value).map((name) => `$${name}`)]),
  );
}

/** With a variable in the address, nginx takes a path behind it as the whole path of every request. */
function uri(use: Use): Finding[] {
  const argument = use.at.args[0] ?? "";
  const path = /^https?:\/\/[^/]+(\/.*)$/.exec(argument)?.[1];
  if (use.form !== "server" || path === undefined || path.includes("$")) return [];
  const bare = argument.slice(0, -path.length);
  const message = `proxy_pass has the path "${path}" behind a variable: nginx then sends "${path}" for every request, whatever path and query the client asked for`;
  const strip = `    rewrite ^/prefix/(.*)$ /$1 break;   # where the location's prefix must go\n    proxy_pass ${bare};`;
  return [
    at(use.at, "error", "proxy-pass-uri", use.service.name, {
      message,
      fix: `Replace line ${use.at.line} of ${use.at.file} by:\n${strip}`,
    }),
  ];
}

function hostInForce(use: Use): string | null {
  const headers = inForce(use.block, "proxy_set_header");
  return headers.find((header) => header.args[0]?.toLowerCase() === "host")?.args[1] ?? null;
}

/** True where members are told the pool's name as Host. */
function leaksHost(use: Use): boolean {
  const host = hostInForce(use);
  if (host === null || variablesIn(host).includes("proxy_host") || variablesIn(host).includes(poolVariable(use.service.name)))
    return true;
  return ownUpstreams(use.service).includes(host.toLowerCase());
}

function hostHeader(use: Use): Finding[] {
  if (use.service.routing === "weighted" || !leaksHost(use)) return [];
  const [upstream = "a pool's name"] = ownUpstreams(use.service);
  const headers = inForce(use.block, "proxy_set_header");
  const lost =
    headers[0] !== undefined && hostInForce(use) === null
      ? ` (the proxy_set_header lines at ${headers[0].file}:${headers[0].line} replace all of the levels above)`
      : "";
  const message = `no proxy_set_header sets Host here${lost}, so members are asked for the host "${upstream}", which is the pool's name and changes with every switch: virtual hosts, links and cookies built from it break`;
  return [
    at(use.at, "error", "proxy-host-missing", use.service.name, {
      message,
      fix: "Add to the location:\n    proxy_set_header Host $host;",
    }),
  ];
}

/** In the location form names are static, and nginx's default `proxy_redirect` takes them out by itself. */
function redirect(use: Use): Finding[] {
  if (use.service.routing === "weighted" || use.form !== "server" || inForce(use.block, "proxy_redirect").length > 0) return [];
  const [upstream = "pool"] = ownUpstreams(use.service);
  const leaks = leaksHost(use);
  const severity: Severity = leaks ? "error" : "warning";
  const message = leaks
    ? `no proxy_redirect is set, and with a variable in proxy_pass nginx has no default for it: clients that are redirected are sent to http://${upstream}/…, a name that only nginx knows`
    : `no proxy_redirect is set, and with a variable in proxy_pass nginx has no default for it: a redirect by which a member names the pool (http://${upstream}/…) would reach clients as it is`;
  const fix = `Add to the location:\n    proxy_redirect http://$${poolVariable(use.service.name)}/ /;`;
  return [at(use.at, severity, "proxy-redirect-missing", use.service.name, { message, fix })];
}

const LONGEST_CONNECT_MS = 5000;

function connectTimeout(use: Use): Finding[] {
  const [setting] = inForce(use.block, "proxy_connect_timeout");
  const ms = setting === undefined ? 60_000 : parseTime(setting.args.join(" "));
  if (ms !== null && ms <= LONGEST_CONNECT_MS) return [];
  const now =
    setting === undefined
      ? "is not set, and nginx's default is 60s"
      : `is ${setting.args.join(" ")} (${setting.file}:${setting.line})`;
  const message = `proxy_connect_timeout ${now}: a member whose host drops packets holds every request that is sent to it for that long before another member is tried`;
  return [
    at(use.at, "warning", "connect-timeout-long", use.service.name, {
      message,
      fix: "Add to the location:\n    proxy_connect_timeout 1s;",
    }),
  ];
}

/** From 1.29.7 on nginx keeps connections to members without being told. */
const KEEPS_BY_DEFAULT = 1_029_007;

/** `keepalive` of the service means nothing while nginx speaks HTTP/1.0 to members, or asks them to close. */
function keptConnections(use: Use, survey: Survey): Finding[] {
  const [major = 0, minor = 0, patch = 0] = survey.capabilities.version.split(".").map(Number);
  const byDefault = major * 1e6 + minor * 1e3 + patch >= KEEPS_BY_DEFAULT;
  const [version] = inForce(use.block, "proxy_http_version");
  const connection = inForce(use.block, "proxy_set_header").find((header) => header.args[0]?.toLowerCase() === "connection");
  const speaks = version === undefined ? byDefault : version.args[0] !== "1.0";
  const keeps = connection === undefined ? byDefault : connection.args[1]?.toLowerCase() !== "close";
  if (use.service.tries.keepalive === 0 || (speaks && keeps)) return [];
  const message = `${use.service.name} keeps ${use.service.tries.keepalive} idle connections to its members, and this location uses none of them: nginx speaks HTTP/1.0 to members, or sends "Connection: close", unless it is told otherwise`;
  const fix = 'Add to the location:\n    proxy_http_version 1.1;\n    proxy_set_header Connection "";';
  return [at(use.at, "info", "keepalive-unused", use.service.name, { message, fix })];
}

function retries(use: Use): Finding[] {
  const findings: Finding[] = [];
  const [next] = inForce(use.block, "proxy_next_upstream");
  const hiding = (next?.args ?? []).filter((condition) => /^http_\d+$|^non_idempotent$/.test(condition));
  if (next !== undefined && hiding.length > 0) {
    const twice = hiding.includes("non_idempotent") ? ", and a POST that a member has carried out is sent again" : "";
    const message = `proxy_next_upstream has ${hiding.join(" and ")}: nginx answers from another member, so that clients' statuses hide a failing candidate${twice}`;
    const fix = `Replace line ${next.line} of ${next.file} by:\n    proxy_next_upstream error timeout;`;
    findings.push(at(next, "warning", "next-upstream-hides-failures", use.service.name, { message, fix }));
  }
  if (next?.args.includes("off") !== true) findings.push(...unbounded(use));
  return findings;
}

function unbounded(use: Use): Finding[] {
  const pools = Object.values(use.service.pools).map((pool) => pool.members.length);
  const members = use.service.routing === "weighted" ? pools.reduce((sum, count) => sum + count, 0) : Math.max(...pools);
  const [tries] = inForce(use.block, "proxy_next_upstream_tries");
  const [timeout] = inForce(use.block, "proxy_next_upstream_timeout");
  const noTries = tries === undefined || tries.args[0] === "0";
  const noTime = timeout === undefined || parseTime(timeout.args.join(" ")) === 0;
  if (members < 2 || (!noTries && !noTime)) return [];
  const lines = [
    ...(noTries ? ["    proxy_next_upstream_tries 2;"] : []),
    ...(noTime ? ["    proxy_next_upstream_timeout 3s;"] : []),
  ];
  const what = noTries
    ? `one request may be tried on all of the ${members} members`
    : "the tries of one request have no limit in time";
  const message = `${what}, each up to proxy_connect_timeout and proxy_read_timeout: a slow pool holds its clients for the sum of them`;
  return [
    at(use.at, "warning", "retries-unbounded", use.service.name, { message, fix: `Add to the location:\n${lines.join("\n")}` }),
  ];
}

/** A pool's upstream by its own name: such requests do not follow the shares. */
function poolNamed(survey: Survey): Finding[] {
  const owners = new Map(
    survey.services
      .filter((one) => one.routing === "live")
      .flatMap((one) => ownUpstreams(one).map((name) => [name, one] as const)),
  );
  return survey.all
    .filter((one) => isPass(one) && !survey.isOwn(one))
    .flatMap((pass) => {
      const host = passHost(pass.args[0] ?? "")?.toLowerCase() ?? "";
      const service = owners.get(host);
      if (service === undefined) return [];
      const message = `this location passes requests to the pool ${host} by name: they stay there whatever the shares are, also when the pool is no longer in use`;
      const fix = `Replace line ${pass.line} of ${pass.file} by:\n    proxy_pass http://$${poolVariable(service.name)};`;
      return [at(pass, "warning", "pool-named-directly", service.name, { message, fix })];
    });
}
