import { hash } from "node:crypto";
import type { Manifest } from "./files.ts";
import { nginxName } from "./names.ts";
import type { RenderedSet } from "./render.ts";

/** More services than these are not tested apart from the others: it would cost as much as all of them. */
const FEW = 20;
const SHARED = "00-sluice.http.conf";
/** Begins the names of what belongs to no service: `sluice.closing.conf`, `$sluice_pool`. */
const OURS = "sluice";

/**
 * The files of the services that change, with what all services share, to be tested without the others. Null where too much
 * changes for that (what is shared itself, or many services), and where what is shared does not stand without every service.
 */
export function changedFew(set: RenderedSet, disk: Manifest): ReadonlyMap<string, string> | null {
  const files = set.files(disk.generation);
  const changed = [...files].filter(([name, text]) => disk.files[name] !== hash("sha256", text)).map(([name]) => name);
  const services = new Set(changed.map(serviceOf));
  if (changed.includes(SHARED) || services.size > FEW || namesServices(files)) return null;
  return new Map([...files].filter(([name]) => name === SHARED || services.has(serviceOf(name))));
}

/** True where what all share holds variables of services, which their own files define (with the log, `$web_slot`). */
function namesServices(files: ReadonlyMap<string, string>): boolean {
  const names = new Set([...files.keys()].map((file) => nginxName(serviceOf(file))));
  const variables = (files.get(SHARED) ?? "").matchAll(/\$(\w+)_[a-z]+/g);
  return variables.some(([, name = ""]) => name !== OURS && names.has(name));
}

/** `web.http.conf` is of the service `web`; a name holds no dot. */
function serviceOf(file: string): string {
  return file.slice(0, file.indexOf("."));
}
