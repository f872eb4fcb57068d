import { weightedUpstreamName } from "../../names.ts";
import { at, type Finding, place } from "../finding.ts";
import { addAtStart, addText, spotAfter } from "../lines.ts";
import { type OwnInclude, ownPath, type Survey } from "../survey.ts";
import type { Directive } from "../tree.ts";

/** The include of `*.http.conf`: once, in http, and of nothing else. */
export function httpInclude(survey: Survey): Finding[] {
  const bringing = survey.includes.filter((include) => include.files.some((file) => file.kind === "http"));
  const [inHttp, elsewhere] = split(bringing, (include) => include.at.parent !== null && include.at.parent === survey.http);
  return [
    ...elsewhere.map((include) => misplaced(survey, include)),
    ...bringing
      .filter((include) => include.files.some((file) => file.kind !== "http"))
      .map((include) => tooWide(survey, include)),
    ...twice(inHttp),
    ...missing(survey, inHttp),
    ...unknown(survey),
  ];
}

/** Text of the line that belongs into http. */
export function httpIncludeLine(survey: Survey): string {
  return `include ${ownPath(survey, "*.http.conf")};`;
}

/** Asks for the include behind the last `map_hash_…` of http, because nginx refuses that directive after the first map. */
export function addHttpInclude(survey: Survey, http: Directive): string {
  const last = (http.block ?? []).findLast((directive) => directive.name.startsWith("map_hash_") && directive.file === http.file);
  const line = httpIncludeLine(survey);
  return last === undefined ? addAtStart(http, line) : addText(spotAfter(last), http, "end", [line]);
}

function missing(survey: Survey, inHttp: readonly OwnInclude[]): Finding[] {
  const has = (service: string | null) =>
    inHttp.some((one) => one.files.some((file) => file.kind === "http" && file.service === service));
  const http = survey.http;
  if (http === null) {
    const message = "there is no http block, so nginx serves no HTTP at all";
    const fix = `Add to ${survey.tree.main}:\n    http {\n        ${httpIncludeLine(survey)}\n    }`;
    return [{ severity: "error", code: "http-missing", file: survey.tree.main, line: 1, service: null, message, fix }];
  }
  if (inHttp.length === 0 || !has(null)) {
    const message =
      "no include in http brings in Sluice's upstreams, splits and status server: nginx would serve none of its generations, and no change could be proved";
    return [at(http, "error", "http-include-missing", null, { message, fix: addHttpInclude(survey, http) })];
  }
  const lost = survey.services.filter((service) => !has(service.name));
  return lost.map((service) => {
    const message = `the include in http does not bring in ${service.name}.http.conf: its upstreams are unknown to nginx, which takes their names for host names`;
    const fix = `Replace the includes of single files by:\n    ${httpIncludeLine(survey)}`;
    return at(http, "error", "http-include-incomplete", service.name, { message, fix });
  });
}

function twice(inHttp: readonly OwnInclude[]): Finding[] {
  const [first, ...rest] = inHttp.filter(
    (include) => include.files.length > 1 || include.files.some((file) => file.kind === "http"),
  );
  if (first === undefined) return [];
  const names = (include: OwnInclude) => include.files.map((file) => ("service" in file ? file.service : ""));
  const seen = new Set(names(first));
  return rest.flatMap((include) => {
    const again = names(include).some((name) => seen.has(name));
    for (const name of names(include)) seen.add(name);
    if (!again) return [];
    const message = `Sluice's http files are included a second time, after ${place(first.at)}: nginx refuses the whole configuration (duplicate upstream)`;
    return [
      at(include.at, "error", "http-include-twice", null, {
        message,
        fix: `Remove line ${include.at.line} of ${include.at.file}.`,
      }),
    ];
  });
}

function misplaced(survey: Survey, include: OwnInclude): Finding {
  const context = include.at.parent?.name ?? "the main context";
  const message = `the include of Sluice's http files stands in ${context}: upstream, split_clients and map are only known in http, and nginx refuses them here`;
  const add = survey.http === null ? "" : ` ${addHttpInclude(survey, survey.http)}`;
  return at(include.at, "error", "http-include-misplaced", null, {
    message,
    fix: `Remove line ${include.at.line} of ${include.at.file}.${add}`,
  });
}

function tooWide(survey: Survey, include: OwnInclude): Finding {
  const message =
    "this pattern also matches Sluice's files for server and location blocks: nginx refuses them here (set and if are not allowed in http)";
  return at(include.at, "error", "include-too-wide", null, {
    message,
    fix: `Replace line ${include.at.line} of ${include.at.file} by:\n    ${httpIncludeLine(survey)}`,
  });
}

/** Includes of ours for services that the configuration does not have (any more), or that have no such file. */
function unknown(survey: Survey): Finding[] {
  const services = new Map(survey.services.map((service) => [service.name, service]));
  return survey.includes.flatMap((include) => {
    const file = /\/([a-z][a-z0-9-]*)\.(server|location)\.conf$/.exec(include.path);
    const name = file?.[1];
    if (name === undefined) return [];
    const service = services.get(name);
    const fix = `Remove line ${include.at.line} of ${include.at.file}.`;
    const exists = survey.tree.files.includes(include.path);
    const refused = "nginx refuses the whole configuration, because there is no such file";
    if (service === undefined) {
      const effect = exists
        ? "the file is kept as a stub for this line's sake, and what is passed through it answers 502"
        : refused;
      const message = `sluice.yaml has no service ${name} (any more): ${effect}`;
      return [at(include.at, exists ? "warning" : "error", "include-of-unknown-service", name, { message, fix })];
    }
    if (service.routing === "live") return [];
    const pass = `proxy_pass http://${weightedUpstreamName(name)};`;
    const effect = exists ? "the file is kept for this line's sake, and leads to the same upstream" : refused;
    const message = `service ${name} is routed by weights, which needs no include here: ${effect}`;
    return [
      at(include.at, exists ? "info" : "error", "include-of-weighted-service", name, {
        message,
        fix: `${fix} In the location write:\n    ${pass}`,
      }),
    ];
  });
}

function split<T>(list: readonly T[], test: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [list.filter(test), list.filter((item) => !test(item))];
}
