import { isPass, passHost } from "./survey.ts";
import { type ConfigTree, type Directive, everyDirective, includePath, within } from "./tree.ts";

/** A line that a person can go to. */
export type Place = { readonly file: string; readonly line: number };

/** Something that requests are passed to today, and that could become a service. */
export type ProposedUpstream = Place & {
  /** The upstream's name; where locations name an address without an upstream, that address. */
  readonly name: string;
  /** A name for the service: the upstream's, as Sluice may call it. */
  readonly service: string;
  /** Members as `host:port`. */
  readonly servers: readonly string[];
  /** Servers that cannot be members: sockets. */
  readonly unusable: readonly string[];
  /** Where requests are passed to it. */
  readonly usedAt: readonly Place[];
};

export type ProposedServer = Place & { readonly names: readonly string[]; readonly listens: readonly string[] };

/** What `sluice init` finds in an existing nginx. */
export type Proposal = { readonly upstreams: readonly ProposedUpstream[]; readonly servers: readonly ProposedServer[] };

/** The folder that holds Sluice's generations, where a configuration includes its files, even ones that are not there yet; else null. */
export function ownFolderOf(tree: ConfigTree): string | null {
  const includes = everyDirective(tree.directives).filter((one) => one.name === "include" && one.block === null);
  const paths = [...tree.files, ...includes.map((one) => includePath(tree.main, one.args[0] ?? ""))];
  return paths.flatMap((path) => OWN_FILE.exec(path)?.groups?.folder ?? [])[0] ?? null;
}

const OWN_FILE = /^(?<folder>\/.+)\/current\/(?:\*\.http|00-sluice\.http|sluice\.closing)\.conf$/;

/** What the `pid` directive says, or null where there is none. */
export function pidOf(tree: ConfigTree): string | null {
  return tree.directives.find((one) => one.name === "pid" && one.block === null)?.args[0] ?? null;
}

/** Looks for upstreams, addresses that are passed to, and servers. `ownFolder` is the folder of Sluice's files, which do not count. */
export function proposeFromNginx(tree: ConfigTree, ownFolder: string): Proposal {
  const everything = everyDirective(tree.directives);
  const all = everything.filter((one) => !one.file.startsWith(`${ownFolder}/`));
  const own = everything.filter((one) => one.file.startsWith(`${ownFolder}/`) && one.name === "upstream" && one.block !== null);
  // A file of sites alone has no http block: what it holds comes into that of the file that includes it.
  const partial = !tree.directives.some((one) => one.name === "http");
  const inHttp = all.filter((one) => within(one, "http") !== null || (partial && within(one, "stream") === null));
  const passes = inHttp.filter(isPass);
  const upstreams = inHttp.filter((one) => one.name === "upstream" && one.block !== null).map((one) => ofUpstream(one, passes));
  const names = new Set(
    [...upstreams.map(({ name }) => name), ...own.map((one) => one.args[0] ?? "")].map((one) => one.toLowerCase()),
  );
  const addresses = Map.groupBy(
    passes.filter((pass) => pass.name === "proxy_pass" && !names.has(passHost(pass.args[0] ?? "")?.toLowerCase() ?? "")),
    (pass) => /^https?:\/\/([^/$?#]+)(?:\/[^$]*)?$/i.exec(pass.args[0] ?? "")?.[1] ?? "",
  );
  const direct = [...addresses].flatMap(([address, uses]) => ofAddress(address, uses));
  const servers = inHttp
    .filter((one) => one.name === "server" && one.block !== null && (partial ? one.parent === null : one.parent?.name === "http"))
    .map(ofServer);
  return { upstreams: [...upstreams, ...direct], servers };
}

function ofUpstream(upstream: Directive, passes: readonly Directive[]): ProposedUpstream {
  const name = upstream.args[0] ?? "";
  const servers = (upstream.block ?? []).filter((one) => one.name === "server").map((one) => one.args[0] ?? "");
  return {
    ...placeOf(upstream),
    name,
    service: serviceName(name),
    servers: servers.filter((server) => !server.startsWith("unix:")).map((server) => withPort(server, 80)),
    unusable: servers.filter((server) => server.startsWith("unix:")),
    usedAt: passes.filter((pass) => passHost(pass.args[0] ?? "")?.toLowerCase() === name.toLowerCase()).map(placeOf),
  };
}

function ofAddress(address: string, uses: readonly Directive[]): readonly ProposedUpstream[] {
  const [first] = uses;
  if (first === undefined || address === "" || address.startsWith("unix:")) return [];
  const secure = (first.args[0] ?? "").startsWith("https:");
  const server = within(first, "server");
  const named = (server?.block ?? []).find((one) => one.name === "server_name")?.args[0];
  const service = serviceName(named !== undefined && /^[a-z]/i.test(named) ? (named.split(".")[0] ?? "web") : "web");
  const servers = [withPort(address, secure ? 443 : 80)];
  return [{ ...placeOf(first), name: address, service, servers, unusable: [], usedAt: uses.map(placeOf) }];
}

function ofServer(server: Directive): ProposedServer {
  const values = (name: string) => (server.block ?? []).filter((one) => one.name === name);
  const names = values("server_name").flatMap((one) => one.args);
  return { ...placeOf(server), names, listens: values("listen").flatMap((one) => one.args.slice(0, 1)) };
}

/** A service's name: small letters, digits and `-`, beginning with a letter. */
function serviceName(name: string): string {
  const clean = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return clean === "" || clean.startsWith("sluice") ? "web" : clean;
}

function withPort(server: string, port: number): string {
  return /:\d+$/.test(server) && !/^\[[^\]]*\]$/.test(server) ? server : `${server}:${port}`;
}

function placeOf(directive: Directive): Place {
  return { file: directive.file, line: directive.line };
}
