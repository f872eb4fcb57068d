import type { ServiceSettings } from "../../../core/service.ts";
import { poolVariable } from "../../names.ts";
import { at, type Finding, place } from "../finding.ts";
import { addAtStart } from "../lines.ts";
import { type OwnInclude, ownPath, type Survey, serverName } from "../survey.ts";
import type { Directive } from "../tree.ts";
import { endsRequest, firstOf, shown, stopsRewrites } from "./rewrite.ts";

/** The server form: `include …/web.server.conf;` first in the server, `proxy_pass http://$web_pool;` in its locations. */
export function serverForm(survey: Survey): Finding[] {
  const live = survey.services.filter((service) => service.routing === "live");
  const byService = new Map<string, OwnInclude[]>();
  for (const include of survey.includes) {
    for (const file of include.files) {
      if (file.kind === "server") byService.set(file.service, [...(byService.get(file.service) ?? []), include]);
    }
  }
  return live.flatMap((service) => ofService(survey, service, byService.get(service.name) ?? []));
}

/** Text of the line that belongs into a server. */
export function serverIncludeLine(survey: Survey, service: ServiceSettings): string {
  return `include ${ownPath(survey, `${service.name}.server.conf`)};`;
}

function ofService(survey: Survey, service: ServiceSettings, includes: readonly OwnInclude[]): Finding[] {
  const findings: Finding[] = [];
  const servers = new Map<Directive, OwnInclude>();
  for (const include of includes) {
    const block = include.at.parent;
    if (block?.name !== "server") findings.push(misplaced(survey, service, include));
    else if (servers.has(block)) findings.push(again(service, include));
    else servers.set(block, include);
  }
  for (const [server, include] of servers) findings.push(...order(survey, service, server, include));
  const uses = survey.uses.filter((use) => use.service.name === service.name && use.form === "server");
  for (const server of new Set(uses.map((use) => use.server))) {
    const use = uses.find((one) => one.server === server);
    if (use !== undefined && !servers.has(server)) findings.push(absent(survey, service, server, use.at));
  }
  for (const [server, include] of servers) {
    if (!uses.some((use) => use.server === server)) findings.push(unused(service, server, include));
  }
  return findings;
}

function absent(survey: Survey, service: ServiceSettings, server: Directive, pass: Directive): Finding {
  const variable = poolVariable(service.name);
  const message = `proxy_pass names $${variable}, but ${serverName(server)} does not include ${service.name}.server.conf, which sets it: the variable is empty there, and every request would be 500 (invalid URL prefix in "http://"), or nginx refuses it as unknown`;
  return at(pass, "error", "server-include-missing", service.name, {
    message,
    fix: addAtStart(server, serverIncludeLine(survey, service)),
  });
}

function misplaced(survey: Survey, service: ServiceSettings, include: OwnInclude): Finding {
  const context = include.at.parent?.name ?? "the main context";
  const message = `${service.name}.server.conf is included in ${context}, and belongs into a server block: in a location its "if" gets between the location's own settings, and elsewhere nginx refuses it`;
  const fix = `Remove line ${include.at.line} of ${include.at.file}, and put it first in the server block:\n    ${serverIncludeLine(survey, service)}`;
  return at(include.at, "error", "server-include-misplaced", service.name, { message, fix });
}

function again(service: ServiceSettings, include: OwnInclude): Finding {
  const message = `${service.name}.server.conf is included a second time in the same server: nginx looks into the table twice per request, and refuses the second copy of any setting in it`;
  return at(include.at, "error", "server-include-twice", service.name, {
    message,
    fix: `Remove line ${include.at.line} of ${include.at.file}.`,
  });
}

function unused(service: ServiceSettings, server: Directive, include: OwnInclude): Finding {
  const pass = `proxy_pass http://$${poolVariable(service.name)};`;
  const message = `no location of ${serverName(server)} has "${pass}", so this include chooses a pool that no request goes to`;
  return at(include.at, "warning", "server-include-unused", service.name, {
    message,
    fix: `Write in the location of the service:\n    ${pass}`,
  });
}

/** nginx runs server-level rewrites in the order of the file: one that stops them keeps ours from running. */
function order(survey: Survey, service: ServiceSettings, server: Directive, include: OwnInclude): Finding[] {
  const before = (server.block ?? []).slice(0, (server.block ?? []).indexOf(include.at)).filter((one) => !survey.isOwn(one));
  const findings: Finding[] = [];
  const stop = firstOf(before, stopsRewrites);
  const fix = `Move line ${include.at.line} of ${include.at.file} to the start of the server. ${addAtStart(server, serverIncludeLine(survey, service))}`;
  if (stop !== null) {
    const message = `the "${shown(stop)}" at ${place(stop)} stands before this include and ends nginx's server-level rewrites: where it matches, $${poolVariable(service.name)} stays empty and every request is 500 (invalid URL prefix in "http://")`;
    findings.push(at(include.at, "error", "server-include-not-first", service.name, { message, fix }));
  }
  const end = firstOf(before, endsRequest);
  if (stop === null && end !== null) {
    const message = `the "${shown(end)}" at ${place(end)} stands before this include: nginx answers what it matches without looking at Sluice's table, and a rewrite added there later would make requests 500`;
    findings.push(at(include.at, "warning", "server-include-after-return", service.name, { message, fix }));
  }
  return findings;
}
