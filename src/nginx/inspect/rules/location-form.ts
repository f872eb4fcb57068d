import type { ServiceSettings } from "../../../core/service.ts";
import { poolVariable } from "../../names.ts";
import { at, type Finding, place } from "../finding.ts";
import { type OwnFile, ownLevel, type Survey, type Use, variablesIn } from "../survey.ts";
import { type Directive, everyDirective } from "../tree.ts";
import { firstOf, shown, stopsRewrites } from "./rewrite.ts";

/** The location form: `include …/web.location.conf;` in a location, which brings an `if` with a `proxy_pass` of its own. */
export function locationForm(survey: Survey): Finding[] {
  const uses = survey.uses.filter((use) => use.form === "location");
  return [
    ...uses.flatMap((use) => [...broken(survey, use), ...captures(survey, use), ...bothForms(survey, use)]),
    ...misplaced(survey),
  ];
}

type Reason = { readonly code: string; readonly says: string };

const REASONS: Readonly<Record<string, Reason>> = {
  if: {
    code: "location-form-if",
    says: 'nginx handles a request in the last "if" of a location that matched: either this one is lost, or moved requests go to the stable pool',
  },
  limit_except: {
    code: "location-form-limit-except",
    says: "nginx handles the methods that it limits in a block of its own, to which our proxy_pass does not come",
  },
  try_files: {
    code: "location-form-try-files",
    says: 'it is not inherited into our "if": moved requests skip it, and the others may be answered from the disk',
  },
};

function broken(survey: Survey, use: Use): Finding[] {
  const level = ownLevel(survey, use.block);
  const findings = level.flatMap((directive) => {
    const reason = REASONS[directive.name];
    if (reason === undefined) return [];
    const message = `"${directive.name}" stands in the same location as the include of ${use.service.name}.location.conf at ${place(use.at)}: ${reason.says}`;
    return [at(directive, "error", reason.code, use.service.name, { message, fix: serverFormText(survey, use.service, use) })];
  });
  if (use.block.name === "if") {
    const message = `${use.service.name}.location.conf is included in an "if": its own "if" cannot stand there, and nginx refuses it`;
    findings.push(
      at(use.at, "error", "location-form-if", use.service.name, { message, fix: serverFormText(survey, use.service, use) }),
    );
  }
  const stop = firstOf(level.slice(0, level.indexOf(use.at)), stopsRewrites);
  if (stop !== null) {
    const message = `the "${shown(stop)}" at ${place(stop)} stands before this include and ends nginx's rewrites of this location: what it matches never comes to the table, and goes to the stable pool whatever the shares are`;
    const fix = `Move line ${use.at.line} of ${use.at.file} before ${place(stop)}.`;
    findings.push(at(use.at, "error", "location-form-rewrite", use.service.name, { message, fix }));
  }
  return findings;
}

/** How to change over to the server form, as text to paste. */
function serverFormText(survey: Survey, service: ServiceSettings, use: Use): string {
  const server = `include ${survey.target.include}/current/${service.name}.server.conf;`;
  return `Use the server form. In ${use.at.file} replace line ${use.at.line} by:\n    proxy_pass http://$${poolVariable(service.name)};\nand add to ${use.server.file} after line ${use.server.openLine}:\n    ${server}`;
}

/** A pattern in a map that our `if` depends on overwrites nginx's numbered captures before the location uses them. */
function captures(survey: Survey, use: Use): Finding[] {
  const { service, block } = use;
  const user = everyDirective(ownLevel(survey, block)).filter((directive) => !survey.isOwn(directive));
  const first = user.find(
    (directive) => directive.args.some((argument) => /\$[1-9]/.test(argument)) && directive.name !== "rewrite",
  );
  const pattern = first === undefined ? null : patternMap(survey, use);
  if (first === undefined || pattern === null) return [];
  const number = variablesIn(first.args.join(" ")).find((name) => /^[1-9]/.test(name)) ?? "1";
  const message = `"${first.name}" uses $${number}, a numbered capture, in the location of ${service.name}.location.conf: ${pattern}, which overwrites nginx's captures before this is read, so that $${number} is empty or wrong`;
  const fix = `Name the group in the location's pattern, (?<part>…), and write $part instead of $${number}; or use the server form.`;
  return [at(first, "error", "location-form-captures", service.name, { message, fix })];
}

/** What our `if` depends on that is matched by a pattern, in words; null where every map compares whole words. */
function patternMap(survey: Survey, use: Use): string | null {
  const rendered = (use.block.block ?? []).find((one) => one.name === "if" && survey.isOwn(one));
  if (rendered === undefined) {
    return use.service.key.by === "address" ? "Sluice reads the client's address by a pattern" : null;
  }
  const makers = survey.all.filter((one) => (one.name === "map" || one.name === "split_clients") && one.parent === survey.http);
  const queue = [...variablesIn(rendered.args.join(" "))];
  const seen = new Set(queue);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const maker = makers.find((one) => one.args[1] === `$${name}`);
    const patterned = maker?.name === "map" ? maker.block?.find((one) => one.name.startsWith("~")) : undefined;
    if (patterned !== undefined) return `Sluice's table is looked up by $${name}, a map with a pattern (${place(patterned)})`;
    const next = [
      ...variablesIn(maker?.args[0] ?? ""),
      ...(maker?.block ?? []).flatMap((one) => variablesIn(one.args.join(" "))),
    ];
    queue.push(...next.filter((one) => !seen.has(one)));
    for (const one of next) seen.add(one);
  }
  return null;
}

function bothForms(survey: Survey, use: Use): Finding[] {
  const isServer = (file: OwnFile) => file.kind === "server" && file.service === use.service.name;
  const other = survey.includes.find((include) => include.at.parent === use.server && include.files.some(isServer));
  if (other === undefined) return [];
  const message = `${use.service.name}.location.conf is included here and ${use.service.name}.server.conf at ${place(other.at)}: nginx looks into the table twice for each request of this location`;
  const fix = `Keep one: remove line ${use.at.line} of ${use.at.file} and write proxy_pass http://$${poolVariable(use.service.name)}; there, or remove line ${other.at.line} of ${other.at.file} where no other location needs it.`;
  return [at(use.at, "warning", "both-forms", use.service.name, { message, fix })];
}

function misplaced(survey: Survey): Finding[] {
  return survey.includes.flatMap((include) => {
    const file = include.files.find((one) => one.kind === "location");
    const context: Directive | null = include.at.parent;
    if (file?.kind !== "location" || context?.name === "location" || context?.name === "if" || include.files.length > 1)
      return [];
    const message = `${file.service}.location.conf is included in ${context?.name ?? "the main context"}: its proxy_pass is only known in a location, and nginx refuses it here`;
    const fix = `Move line ${include.at.line} of ${include.at.file} into the location of the service.`;
    return [at(include.at, "error", "location-include-misplaced", file.service, { message, fix })];
  });
}
