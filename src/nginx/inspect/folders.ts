import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { execa } from "execa";
import { at, type Expected, type Finding } from "./finding.ts";
import type { ConfigTree } from "./tree.ts";

/** The user that nginx's workers run as, by numbers. */
export type WorkerUser = { readonly name: string; readonly uid: number; readonly groups: readonly number[] };

/**
 * The user of nginx's workers: that of the `user` directive where the master is root, else the master's own.
 *
 * `fallback` is the user that nginx was built with (`--user=` of `nginx -V`, else `nobody`); null where there is no such user here.
 */
export async function workerUser(tree: ConfigTree, fallback: string): Promise<WorkerUser | null> {
  if (process.geteuid?.() !== 0) {
    return { name: String(process.geteuid?.()), uid: process.geteuid?.() ?? 0, groups: process.getgroups?.() ?? [] };
  }
  const setting = tree.directives.find((directive) => directive.name === "user");
  const name = setting?.args[0] ?? fallback;
  const [uid, groups] = await Promise.all([identity("-u", name), identity("-G", name)]);
  if (uid?.[0] === undefined || groups === null) return null;
  return { name, uid: uid[0], groups };
}

async function identity(option: "-u" | "-G", name: string): Promise<readonly number[] | null> {
  const result = await execa("id", [option, "--", name], { reject: false });
  return result.exitCode === 0 ? result.stdout.trim().split(/\s+/).map(Number) : null;
}

/**
 * Folders that nginx's workers cannot enter: the tables' one and every one above it.
 *
 * Without search permission on any of them nginx finds no entry, and all traffic silently goes to the stable pool. Never rejects.
 */
export async function folderFindings(tree: ConfigTree, expected: Expected, user: WorkerUser | null): Promise<Finding[]> {
  const { tables } = expected.target;
  const place = tree.directives.find((directive) => directive.name === "user") ?? tree.directives[0];
  if (place === undefined) return [];
  if (user === null) {
    const message = `the user ${place.name === "user" ? place.args[0] : "that nginx's workers run as"} does not exist here, so that nobody can tell whether it can enter ${tables}`;
    return [
      at(place, "warning", "worker-user-unknown", null, { message, fix: "Name an existing user in nginx's `user` directive." }),
    ];
  }
  const findings: Finding[] = [];
  const live = expected.services.some((service) => service.routing === "live");
  const effect = live
    ? "they find no entry of any table, all requests silently go to the stable pool, and each writes a [crit] line to the error log"
    : "they do not see that a reload is coming, so that keep-alive clients lose requests";
  for (const folder of folders(tables)) {
    const found = await modeOf(folder);
    if (found === null || mayEnter(found, user)) continue;
    const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
    const message = `nginx's workers run as ${user.name} and cannot enter ${folder} (mode ${mode}): ${effect}`;
    const fix = folder === tables ? `chmod 0755 ${folder}` : `chmod o+x ${folder}\nor choose nginx.tables elsewhere.`;
    findings.push(at(place, live ? "error" : "warning", "tables-not-searchable", null, { message, fix }));
  }
  return findings;
}

/** From the root down to the folder itself. */
function folders(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...folders(parent), path];
}

type Found = { readonly mode: number; readonly uid: number; readonly gid: number };

/** Null where there is no such folder yet: Sluice makes it. */
async function modeOf(folder: string): Promise<Found | null> {
  try {
    return await stat(folder);
  } catch {
    return null;
  }
}

function mayEnter(found: Found, user: WorkerUser): boolean {
  if (user.uid === 0) return true;
  if (found.uid === user.uid) return (found.mode & 0o100) !== 0;
  if (user.groups.includes(found.gid)) return (found.mode & 0o010) !== 0;
  return (found.mode & 0o001) !== 0;
}
