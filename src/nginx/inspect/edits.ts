import type { ServiceSettings } from "../../core/service.ts";
import { poolVariable, weightedUpstreamName } from "../names.ts";
import type { Expected } from "./finding.ts";
import { type Spot, spotAfter, spotAtEnd, spotAtStart } from "./lines.ts";
import { closingLine, closingObstacles } from "./rules/closing.ts";
import { httpIncludeLine } from "./rules/http-include.ts";
import { serverIncludeLine } from "./rules/server-form.ts";
import { isPass, passHost, type Survey, surveyOf } from "./survey.ts";
import { type ConfigTree, type Directive, inForce, within } from "./tree.ts";

/** One change to a file of the user's. All lines are those of the files as they are now. */
export type Edit =
  | {
      readonly do: "add";
      readonly file: string;
      readonly afterLine: number;
      readonly lines: readonly string[];
      readonly why: string;
    }
  | { readonly do: "remove"; readonly file: string; readonly fromLine: number; readonly toLine: number; readonly why: string }
  | {
      readonly do: "replace";
      readonly file: string;
      readonly line: number;
      readonly text: string;
      readonly lines: readonly string[];
      readonly why: string;
    };

/** The lines, and what has to be done by hand because no line is free for it. */
export type Edits = { readonly edits: readonly Edit[]; readonly byHand: readonly string[] };

/**
 * What to change so that requests which go to `upstream` today (an upstream's name, or an address) go to `service`.
 *
 * For `live` it is the server form. Nothing is written: people read it and do it.
 */
export function editsFor(tree: ConfigTree, expected: Expected, service: ServiceSettings, upstream: string): Edits {
  const survey = surveyOf(tree, expected);
  const work: Work = { edits: [], byHand: [] };
  addHttp(survey, work);
  const passes = survey.all.filter(
    (one) => isPass(one) && !survey.isOwn(one) && within(one, "http") !== null && goesTo(one, upstream),
  );
  for (const pass of passes) replacePass(service, pass, work);
  const servers = new Set(passes.flatMap((pass) => within(pass, "server") ?? []));
  for (const server of servers) {
    if (service.routing === "live")
      add(work, spotAtStart(server), server, serverIncludeLine(survey, service), "chooses the pool of each request");
    if (closingObstacles(survey, server).length === 0 || expected.capabilities.keepaliveMinTimeout) {
      add(work, spotAtEnd(server), server, closingLine(survey), "lets reloads lose no request of keep-alive clients");
    }
  }
  removeUpstream(survey, service, upstream, work);
  return work;
}

/** The edits as text: `Add to FILE after line N:` and the lines; of each file from its end on, so that no edit moves the line of the next. */
export function describeEdits({ edits, byHand }: Edits): string {
  const files = Map.groupBy(edits, (edit) => edit.file);
  const ordered = [...files.values()].flatMap((ofFile) => ofFile.toSorted((a, b) => lineOf(b) - lineOf(a)));
  const numbers =
    "Line numbers are those of the files as they are now. Work in this order, from the end of each file to its beginning:";
  return [...(edits.length > 1 ? [numbers] : []), ...ordered.map(describeEdit), ...byHand].join("\n\n");
}

/** Where an edit begins; between two lines for one that adds. */
function lineOf(edit: Edit): number {
  if (edit.do === "add") return edit.afterLine + 0.5;
  return edit.do === "remove" ? edit.fromLine : edit.line;
}

type Work = { readonly edits: Edit[]; readonly byHand: string[] };

function describeEdit(edit: Edit): string {
  if (edit.do === "remove") return `Remove lines ${edit.fromLine} to ${edit.toLine} of ${edit.file} (${edit.why}).`;
  const head =
    edit.do === "add"
      ? `Add to ${edit.file} after line ${edit.afterLine}`
      : `In line ${edit.line} of ${edit.file} replace ${edit.text} by`;
  return `${head} (${edit.why}):\n${edit.lines.join("\n")}`;
}

function add(work: Work, spot: Spot | null, block: Directive, line: string, why: string): void {
  const text = `${indent(block)}${line}`;
  if (spot !== null) work.edits.push({ do: "add", ...spot, lines: [text], why });
  else work.byHand.push(`Add inside "${block.name}" of ${block.file}, which begins on line ${block.line} (${why}):\n${text}`);
}

function indent(block: Directive | null): string {
  return block === null ? "" : `    ${indent(block.parent)}`;
}

function addHttp(survey: Survey, work: Work): void {
  const { http } = survey;
  if (http === null) {
    work.byHand.push(
      `${survey.tree.main} has no http block: give the main file (nginx.conf), which includes it, to see every line to add.`,
    );
    return;
  }
  if (survey.includes.some((include) => include.at.parent === http && include.files.some((file) => file.kind === "http"))) return;
  const hash = (http.block ?? []).findLast((one) => one.name.startsWith("map_hash_") && one.file === http.file);
  const spot = hash === undefined ? spotAtStart(http) : spotAfter(hash);
  add(work, spot, http, httpIncludeLine(survey), "Sluice's upstreams and status server");
}

function goesTo(pass: Directive, upstream: string): boolean {
  const argument = (pass.args[0] ?? "").toLowerCase();
  return passHost(argument) === upstream.toLowerCase() || /^[a-z]+:\/\/([^/]+)/.exec(argument)?.[1] === upstream.toLowerCase();
}

function replacePass(service: ServiceSettings, pass: Directive, work: Work): void {
  const argument = pass.args[0] ?? "";
  const [, scheme = "http", path = ""] = /^([a-z]+):\/\/[^/]+(\/.*)?$/i.exec(argument) ?? [];
  const live = service.routing === "live";
  const host = live ? `$${poolVariable(service.name)}` : weightedUpstreamName(service.name);
  const pad = indent(pass.parent);
  const lines = [
    ...(live ? rewriteFor(pass, path, work) : []),
    `proxy_pass ${scheme}://${host}${live ? "" : path};`,
    ...needed(service, pass),
  ];
  if (lines.length === 1 && lines[0] === `proxy_pass ${argument};`) return;
  const text = `${pass.name} ${pass.args.join(" ")};`;
  work.edits.push({
    do: "replace",
    file: pass.file,
    line: pass.line,
    text,
    lines: lines.map((line) => `${pad}${line}`),
    why: `requests go to ${service.name}`,
  });
}

/** What a path in `proxy_pass` did by itself, as a rewrite: with a variable, nginx no longer swaps the location's prefix for it. */
function rewriteFor(pass: Directive, path: string, work: Work): readonly string[] {
  const location = pass.parent;
  const prefix = location?.name === "location" && location.args.length === 1 ? (location.args[0] ?? "") : null;
  if (path === "" || path === prefix) return [];
  if (prefix === null || /[^A-Za-z0-9/_.~-]/.test(`${prefix}${path}`)) {
    work.byHand.push(
      `The proxy_pass at ${pass.file}:${pass.line} has the path "${path}": write a rewrite … break before it that does the same, because behind a variable nginx sends the path as it stands.`,
    );
    return [];
  }
  return [`rewrite ^${prefix.replaceAll(".", "\\.")}(.*)$ ${path}$1 break;`];
}

/** What the location must have beside the proxy_pass, as far as nothing above it says so. */
function needed(service: ServiceSettings, pass: Directive): readonly string[] {
  const headers = inForce(pass.parent, "proxy_set_header");
  const kept =
    headers[0]?.parent === pass.parent
      ? []
      : headers.map((one) => `proxy_set_header ${one.args[0]} "${quoted(one.args[1] ?? "")}";`);
  const host = headers.some((one) => one.args[0]?.toLowerCase() === "host") ? [] : [...kept, "proxy_set_header Host $host;"];
  const line = (name: string, value: string) => (inForce(pass.parent, name).length === 0 ? [`${name} ${value};`] : []);
  const live = service.routing === "live" ? [...host, ...line("proxy_redirect", `http://$${poolVariable(service.name)}/ /`)] : [];
  return [
    ...live,
    ...line("proxy_connect_timeout", "1s"),
    ...line("proxy_next_upstream_tries", "2"),
    ...line("proxy_next_upstream_timeout", "3s"),
  ];
}

function quoted(value: string): string {
  return value.replace(/["\\]/g, "\\$&");
}

function removeUpstream(survey: Survey, service: ServiceSettings, upstream: string, work: Work): void {
  const own = survey.all.find(
    (one) => one.name === "upstream" && one.args[0]?.toLowerCase() === upstream.toLowerCase() && !survey.isOwn(one),
  );
  if (own === undefined) return;
  const same = service.routing === "weighted" && weightedUpstreamName(service.name) === upstream.toLowerCase();
  const why = same
    ? "nginx refuses a second upstream of the name; its servers are the members of the service"
    : "nothing passes requests to it any more";
  work.edits.push({ do: "remove", file: own.file, fromLine: own.line, toLine: own.endLine, why });
}
