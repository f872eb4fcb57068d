import type { ServiceSettings } from "../../core/service.ts";
import { poolVariable, upstreamName, weightedUpstreamName } from "../names.ts";
import type { Expected } from "./finding.ts";
import { isGlob, pathMatcher } from "./glob.ts";
import { type ConfigTree, type Directive, everyDirective, includePath, within } from "./tree.ts";

/** A file of ours that an include of the user's names. */
export type OwnFile =
  | { readonly kind: "http"; readonly service: string | null }
  | { readonly kind: "server" | "location"; readonly service: string }
  | { readonly kind: "closing" };

/** An include directive of the user's, with every file of ours that it brings in. */
export type OwnInclude = { readonly at: Directive; readonly path: string; readonly files: readonly OwnFile[] };

/** How requests reach a service: by `$web_pool`, by our location file, or by the name of an upstream. */
export type Use = {
  readonly service: ServiceSettings;
  readonly form: "server" | "location" | "weighted";
  /** The `proxy_pass`, or the include of our location file. */
  readonly at: Directive;
  /** The block that it stands in: a location, or an `if` in one. */
  readonly block: Directive;
  readonly server: Directive;
};

/** The user's configuration, looked through once for all that the rules ask. */
export type Survey = Expected & {
  readonly tree: ConfigTree;
  readonly all: readonly Directive[];
  readonly http: Directive | null;
  readonly servers: readonly Directive[];
  readonly includes: readonly OwnInclude[];
  readonly uses: readonly Use[];
  /** True for directives of Sluice's own files. */
  readonly isOwn: (directive: Directive) => boolean;
};

/** Looks a tree through. */
export function surveyOf(tree: ConfigTree, expected: Expected): Survey {
  const all = everyDirective(tree.directives);
  const folder = `${expected.target.include}/`;
  const isOwn = (directive: Directive) => directive.file.startsWith(folder);
  const includes = ownIncludes(
    tree,
    all.filter((directive) => !isOwn(directive)),
    expected,
  );
  const http = tree.directives.find((directive) => directive.name === "http" && directive.block !== null) ?? null;
  const servers = (http?.block ?? []).filter((one) => one.name === "server" && one.block !== null && !isOwn(one));
  const uses = findUses(
    all.filter((directive) => !isOwn(directive)),
    includes,
    expected.services,
  );
  return { ...expected, tree, all, http, servers, includes, uses, isOwn };
}

/** Path of a file of ours as the user's include names it. */
export function ownPath(expected: Expected, file: string): string {
  return `${expected.target.include}/current/${file}`;
}

/** The upstreams that Sluice renders for a service. */
export function ownUpstreams(service: ServiceSettings): readonly string[] {
  if (service.routing === "weighted") return [weightedUpstreamName(service.name)];
  return Object.keys(service.pools).map((pool) => upstreamName(service.name, pool));
}

/** A server as people know it: its names, or where it begins. */
export function serverName(server: Directive): string {
  const names = (server.block ?? []).filter((one) => one.name === "server_name").flatMap((one) => one.args);
  return `the server${names.length === 0 ? "" : ` ${names.join(" ")}`} at ${server.file}:${server.line}`;
}

/** Directives of the user's that act at the level of a block itself, in nginx's order. */
export function ownLevel(survey: Survey, block: Directive): readonly Directive[] {
  return (block.block ?? []).filter((directive) => !survey.isOwn(directive));
}

/** The variables (without `$`) that a text names, as `$name` or `${name}`. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)].map((match) => match[1] ?? match[2] ?? "");
}

function ownIncludes(tree: ConfigTree, users: readonly Directive[], expected: Expected): OwnInclude[] {
  const candidates = candidateFiles(tree, expected);
  return users.flatMap((directive) => {
    const argument = directive.args[0];
    if (directive.name !== "include" || directive.block !== null || argument === undefined) return [];
    const path = includePath(tree.main, argument);
    if (!path.startsWith(`${expected.target.include}/`) && !isGlob(path)) return [];
    const matches = pathMatcher(path);
    const exact = candidates.get(path);
    const files = isGlob(path)
      ? [...candidates].filter(([file]) => matches(file)).map(([, own]) => own)
      : exact === undefined
        ? []
        : [exact];
    return path.startsWith(`${expected.target.include}/`) || files.length > 0 ? [{ at: directive, path, files }] : [];
  });
}

/** Every file that Sluice writes or has written, by path: an include counts before the first set is rendered, too. */
function candidateFiles(tree: ConfigTree, expected: Expected): ReadonlyMap<string, OwnFile> {
  const files = new Map<string, OwnFile>();
  files.set("00-sluice.http.conf", { kind: "http", service: null });
  files.set("sluice.closing.conf", { kind: "closing" });
  const names = expected.services.map((service) => service.name);
  const folder = `${expected.target.include}/`;
  const text = tree.files.filter((file) => file.startsWith(folder));
  const known = text.flatMap((file) => /\/([a-z][a-z0-9-]*)\.(?:http|server|location)\.conf$/.exec(file)?.[1] ?? []);
  for (const service of new Set([...names, ...known])) {
    files.set(`${service}.http.conf`, { kind: "http", service });
    files.set(`${service}.server.conf`, { kind: "server", service });
    files.set(`${service}.location.conf`, { kind: "location", service });
  }
  return new Map([...files].map(([file, own]) => [ownPath(expected, file), own] as const));
}

const PASSES = new Set(["proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass"]);

/** The upstream's name in the argument of a `…_pass`, or null where it is an address of another form. */
export function passHost(argument: string): string | null {
  return /^(?:[a-z]+:\/\/)?([^/:?#]+)/i.exec(argument)?.[1] ?? null;
}

/** True for `proxy_pass` and its relatives. */
export function isPass(directive: Directive): boolean {
  return PASSES.has(directive.name) && directive.block === null;
}

function findUses(users: readonly Directive[], includes: readonly OwnInclude[], services: readonly ServiceSettings[]): Use[] {
  const byVariable = new Map(services.map((one) => [poolVariable(one.name), one]));
  const weighted = new Map(
    services.filter((one) => one.routing === "weighted").map((one) => [weightedUpstreamName(one.name), one]),
  );
  const byName = new Map(services.map((one) => [one.name, one]));
  const uses: Use[] = [];
  const add = (service: ServiceSettings, form: Use["form"], directive: Directive) => {
    const server = within(directive, "server");
    const block = directive.parent;
    if (block !== null && server !== null && within(server, "http") !== null)
      uses.push({ service, form, at: directive, block, server });
  };
  for (const directive of users.filter(isPass)) {
    const argument = directive.args[0] ?? "";
    const named = weighted.get(passHost(argument)?.toLowerCase() ?? "");
    if (named !== undefined) add(named, "weighted", directive);
    const varied = variablesIn(argument).flatMap((name) => byVariable.get(name) ?? [])[0];
    if (varied !== undefined) add(varied, "server", directive);
  }
  for (const include of includes) {
    for (const file of include.files) {
      const service = file.kind === "location" ? byName.get(file.service) : undefined;
      const context = include.at.parent?.name;
      if (service !== undefined && (context === "location" || context === "if")) add(service, "location", include.at);
    }
  }
  return uses;
}
