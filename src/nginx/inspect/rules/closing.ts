import { at, type Finding, place, type Severity } from "../finding.ts";
import { addAtEnd } from "../lines.ts";
import { type OwnInclude, ownLevel, ownPath, type Survey, serverName } from "../survey.ts";
import { type Directive, everyDirective, inForce } from "../tree.ts";

/** `include …/sluice.closing.conf;`: makes keep-alive clients reconnect before a reload, where nginx cannot do it itself. */
export function closing(survey: Survey): Finding[] {
  const includes = survey.includes.filter(
    (include) => include.files.some((file) => file.kind === "closing") && include.files.length === 1,
  );
  const byServer = new Map<Directive, OwnInclude>();
  const findings: Finding[] = [];
  for (const include of includes) {
    const block = include.at.parent;
    if (block?.name !== "server") findings.push(misplaced(include));
    else if (byServer.has(block)) findings.push(again(include));
    else byServer.set(block, include);
  }
  for (const [server, include] of byServer) findings.push(...present(survey, server, include));
  const serving = new Set(survey.uses.map((use) => use.server));
  for (const server of serving) if (!byServer.has(server)) findings.push(...absent(survey, server));
  return findings;
}

/** Text of the line that belongs last into a server. */
export function closingLine(survey: Survey): string {
  return `include ${ownPath(survey, "sluice.closing.conf")};`;
}

/** What keeps a server from having the closing include: nginx would serve what is internal, or lose error pages. */
export function closingObstacles(survey: Survey, server: Directive): readonly Directive[] {
  const internal = everyDirective(ownLevel(survey, server)).filter((one) => one.name === "internal" && !survey.isOwn(one));
  return [...internal, ...errorPages(survey, server)];
}

/** The user's error pages in force at the server's own level. Ours, from the closing include, hide those of http. */
function errorPages(survey: Survey, server: Directive): readonly Directive[] {
  const own = ownLevel(survey, server).filter((one) => one.name === "error_page");
  return own.length > 0 ? own : inForce(survey.http, "error_page").filter((one) => !survey.isOwn(one));
}

function absent(survey: Survey, server: Directive): Finding[] {
  const cost =
    "every reload (a member change, a new default) loses about as many requests as the busy keep-alive clients send in one round trip";
  const { version, keepaliveMinTimeout } = survey.capabilities;
  const fix = addAtEnd(server, closingLine(survey));
  if (keepaliveMinTimeout) {
    const [setting] = inForce(server, "keepalive_min_timeout");
    if (setting !== undefined && setting.args[0] !== "0") return [];
    const message = `keepalive_min_timeout is not set for ${serverName(server)}, and nothing includes sluice.closing.conf, which sets it: ${cost}`;
    return [at(server, "warning", "closing-include-missing", null, { message, fix })];
  }
  const [obstacle] = closingObstacles(survey, server);
  const message = `${serverName(server)} does not include sluice.closing.conf, and nginx ${version} closes keep-alive connections without a word: ${cost}`;
  const instead = `It cannot be included while ${place(obstacle ?? server)} has "${obstacle?.name}"; nginx 1.27.4 or newer with keepalive_min_timeout 1s needs no such thing.`;
  return [at(server, "warning", "closing-include-missing", null, { message, fix: obstacle === undefined ? fix : instead })];
}

function present(survey: Survey, server: Directive, include: OwnInclude): Finding[] {
  if (survey.capabilities.keepaliveMinTimeout) return unnecessary(survey, server, include);
  const refused = closingObstacles(survey, server).map((obstacle) => refusal(server, include, obstacle));
  return [...refused, ...notLast(survey, server, include), ...costs(server, include)];
}

function refusal(server: Directive, include: OwnInclude, obstacle: Directive): Finding {
  const internal = obstacle.name === "internal";
  const own = obstacle.parent === server;
  const says = internal
    ? `the location at ${place(obstacle.parent ?? obstacle)} is internal: while connections are closed, our include sends requests on by an internal redirect, so that clients could fetch it`
    : own
      ? `the error_page at ${place(obstacle)} stands at the server's own level, and our include turns recursive_error_pages on there: an error inside such a page would lead on to another page, and an error_page 497 would get the requests that ours is for`
      : `the error_page at ${place(obstacle)} is inherited from http, and nginx drops all inherited error pages in a server that includes an own one, as ours is`;
  const fix = `Remove line ${include.at.line} of ${include.at.file}${internal ? "" : `, or move the error_page lines from ${place(obstacle)} into the locations`}.`;
  return at(include.at, "error", internal ? "closing-internal-location" : "closing-error-page", null, { message: says, fix });
}

const REWRITES = new Set(["if", "set", "rewrite", "return", "break"]);

/** What stands behind the include is skipped by requests that it sends on. */
function notLast(survey: Survey, server: Directive, include: OwnInclude): Finding[] {
  const level = server.block ?? [];
  const after = level.slice(level.indexOf(include.at) + 1).filter((one) => !survey.isOwn(one));
  const [first] = after;
  if (first === undefined) return [];
  const rewriting = after.find((one) => REWRITES.has(one.name));
  const severity: Severity = rewriting === undefined ? "warning" : "error";
  const message =
    rewriting === undefined
      ? `"${first.name}" at ${place(first)} stands behind the closing include: a server-level "if" or "return" added there would be skipped while connections are closed`
      : `the server-level "${rewriting.name}" at ${place(rewriting)} stands behind the closing include: while connections are closed, requests skip it, and what it refuses or redirects is let through`;
  const fix = `Remove line ${include.at.line} of ${include.at.file}. ${addAtEnd(server, closingLine(survey))}`;
  return [at(include.at, severity, "closing-not-last", null, { message, fix })];
}

/** From nginx 1.27.4 on the include is one line, `keepalive_min_timeout 1s;`. */
function unnecessary(survey: Survey, server: Directive, include: OwnInclude): Finding[] {
  const setting =
    inForce(server, "keepalive_min_timeout").find((one) => !survey.isOwn(one)) ??
    inForce(survey.http, "keepalive_min_timeout")[0];
  if (setting === undefined) return [];
  const fix = `Remove line ${include.at.line} of ${include.at.file}.`;
  const same = setting.parent === server;
  const message = same
    ? `sluice.closing.conf sets keepalive_min_timeout for nginx ${survey.capabilities.version}, and so does ${place(setting)}: nginx refuses the second one (directive is duplicate)`
    : `this include is not needed: keepalive_min_timeout at ${place(setting)} does the same for every server`;
  return [at(include.at, same ? "error" : "info", "closing-unnecessary", null, { message, fix })];
}

function costs(server: Directive, include: OwnInclude): Finding[] {
  const level = server.block ?? [];
  const listens = level.filter((one) => one.name === "listen");
  const tls = listens.some((one) => one.args.includes("ssl") || one.args.includes("quic"));
  const http2 =
    listens.some((one) => one.args.includes("http2")) || level.some((one) => one.name === "http2" && one.args[0] === "on");
  const findings: Finding[] = [];
  const fix = "Nothing to do where reloads are rare; shifting shares of a live service needs none.";
  if (tls) {
    const message =
      "this server speaks TLS: while connections are closed before a reload, each request costs a handshake (measured on two cores: 19 368 fell to 3 605 requests a second)";
    findings.push(at(include.at, "info", "closing-tls-cost", null, { message, fix }));
  }
  if (http2) {
    const message =
      "this server speaks HTTP/2, where a reload ends connections with GOAWAY and REFUSED_STREAM: browsers try such requests again by themselves, other clients may not";
    findings.push(at(include.at, "info", "closing-http2", null, { message, fix }));
  }
  return findings;
}

function misplaced(include: OwnInclude): Finding {
  const message = `sluice.closing.conf is included in ${include.at.parent?.name ?? "the main context"}, and belongs last into a server block: nginx refuses its named location elsewhere`;
  return at(include.at, "error", "closing-misplaced", null, {
    message,
    fix: `Move line ${include.at.line} of ${include.at.file} to the end of the server block.`,
  });
}

function again(include: OwnInclude): Finding {
  const message =
    "sluice.closing.conf is included a second time in the same server: nginx refuses the second copy of its named location";
  return at(include.at, "error", "closing-twice", null, {
    message,
    fix: `Remove line ${include.at.line} of ${include.at.file}.`,
  });
}
