import { isIP } from "node:net";
import { relative } from "node:path";
import { isLoopback, parseAddress } from "../address.ts";
import type { NginxTarget } from "../config.ts";
import { isNamed } from "../schema/nginx.ts";
import type { Path } from "../source.ts";
import { type Judgement, problem, type Subject, warning } from "./rule.ts";

const FOLDERS = ["include", "tables"] as const;

function lies(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && !way.startsWith("/"));
}

/** What each nginx is told to read and to answer on. */
export function* nginxRules({ settings, written }: Subject): Iterable<Judgement> {
  const single = !isNamed(written(["nginx"]));
  const seen: { readonly what: string; readonly value: string; readonly target: string }[] = [];
  for (const target of Object.values(settings.nginx)) {
    const base = single ? ["nginx"] : ["nginx", target.name];
    yield* folderRules(target, base, settings.state);
    yield* driveRules(target, base, written);
    yield* statusRules(target, base);
    for (const what of [...FOLDERS, "status"] as const) {
      const other = seen.find((one) => one.what === what && one.value === target[what]);
      const message = `${target[what]} is also the ${what} of the target ${other?.target}; each target needs its own`;
      if (other !== undefined) yield problem([...base, what], message);
      seen.push({ what, value: target[what], target: target.name });
    }
  }
}

function* folderRules(target: NginxTarget, base: Path, state: string): Iterable<Judgement> {
  for (const what of FOLDERS) {
    const folder = target[what];
    yield* pathRules(folder, [...base, what]);
    if (lies(folder, state) || lies(state, folder)) {
      yield problem(
        [...base, what],
        `${folder} and the state folder ${state} lie within each other; nginx reads the one and may not read the other: keep them apart`,
      );
    }
  }
  if (lies(target.tables, target.include) || lies(target.include, target.tables)) {
    yield problem(
      [...base, "tables"],
      `${target.tables} and the include folder ${target.include} lie within each other; keep them apart`,
    );
  }
}

/** What a path must be to stand in nginx's files, and to be there when nginx starts. */
function* pathRules(path: string, at: Path): Iterable<Judgement> {
  if (lies(path, "/run") || lies(path, "/var/run")) {
    yield problem(
      at,
      `${path} is under /run, which is emptied at every start of the machine; nginx could not start then: it must be another folder`,
    );
  }
  if (/[^A-Za-z0-9/._+@-]/.test(path))
    yield problem(at, `${path} cannot stand in nginx's files as it is; it must be a path of letters, digits and /._+@-`);
}

function* driveRules({ drive }: NginxTarget, base: Path, written: Subject["written"]): Iterable<Judgement> {
  if (drive.by === "local") return;
  if (drive.by === "signal") {
    if (written([...base, "binary"]) !== undefined)
      yield warning([...base, "binary"], "has no effect with test: none; nginx is signalled by its pid", "key");
    return;
  }
  for (const what of ["binary", "config"]) {
    if (written([...base, what]) !== undefined)
      yield warning([...base, what], "has no effect beside reload; the test and reload commands drive this nginx", "key");
  }
}

function* statusRules({ status }: NginxTarget, base: Path): Iterable<Judgement> {
  if (status.startsWith("unix:")) return yield* pathRules(status.slice("unix:".length), [...base, "status"]);
  const host = parseAddress(status)?.host ?? "";
  if (isIP(host) === 0)
    yield problem([...base, "status"], `"${host}" is a name; it must be an IP address with a port, such as 127.0.0.1:7071`);
  else if (!isLoopback(host)) {
    yield problem(
      [...base, "status"],
      `${status} can be reached from other machines; it must be a loopback address, such as 127.0.0.1:7071`,
    );
  }
}
