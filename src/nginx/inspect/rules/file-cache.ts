import { at, type Finding, place } from "../finding.ts";
import { addAtStart } from "../lines.ts";
import type { Survey, Use } from "../survey.ts";
import { type Directive, inForce } from "../tree.ts";

/**
 * Settings that change what `if (-e …)` sees of the table.
 *
 * nginx takes them from the level at which the `if` stands: for the server form that is the server, whatever a location says.
 */
export function fileCache(survey: Survey): Finding[] {
  const live = survey.uses.filter((use) => use.service.routing === "live");
  return live.flatMap((use) => [...cached(use), ...symlinks(use)]);
}

function level(use: Use): Directive {
  return use.form === "server" ? use.server : use.block;
}

function cached(use: Use): Finding[] {
  const [setting] = inForce(level(use), "open_file_cache");
  if (setting === undefined || setting.args[0] === "off") return [];
  const message = `open_file_cache is on where nginx looks for the table of ${use.service.name} (${place(level(use))}): each worker would go on with entries that it has cached, so that clients move at different times, and an abort would not reach them`;
  return [at(setting, "error", "open-file-cache", use.service.name, { message, fix: turnOff(use, setting, "open_file_cache") })];
}

function symlinks(use: Use): Finding[] {
  const [setting] = inForce(level(use), "disable_symlinks");
  if (setting === undefined || setting.args[0] === "off") return [];
  const message = `disable_symlinks is on where nginx looks for the table of ${use.service.name} (${place(level(use))}): wherever a part of the tables' path is a link, nginx finds no entry, and all requests silently go to the stable pool`;
  return [
    at(setting, "error", "disable-symlinks", use.service.name, { message, fix: turnOff(use, setting, "disable_symlinks") }),
  ];
}

function turnOff(use: Use, setting: Directive, name: string): string {
  const block = level(use);
  if (setting.parent !== block) return addAtStart(block, `${name} off;`);
  const elsewhere = use.form === "server" ? ", or move it into the locations that serve files" : "";
  return `Replace line ${setting.line} of ${setting.file}${elsewhere}:\n    ${name} off;`;
}
