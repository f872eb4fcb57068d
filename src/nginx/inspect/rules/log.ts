import { at, type Finding, place } from "../finding.ts";
import type { Survey, Use } from "../survey.ts";
import type { Directive } from "../tree.ts";

/**
 * What keeps the requests of a service from being written down, where a metric of it has `source: nginx`.
 *
 * Sluice's log stands at http level, and nginx gives a block that has an `access_log` of its own none of those above it. An
 * `access_log off` beside it ends all of that level.
 */
export function log(survey: Survey): Finding[] {
  const judged = new Set(
    survey.services
      .filter(({ metrics }) => Object.values(metrics).some(({ source }) => source === "nginx"))
      .map(({ name }) => name),
  );
  if (judged.size === 0) return [];
  return [
    ...offForAll(survey),
    ...survey.uses.filter(({ service }) => judged.has(service.name)).flatMap((use) => ended(survey, use)),
  ];
}

function offForAll(survey: Survey): Finding[] {
  const off = (survey.http?.block ?? []).find((one) => one.name === "access_log" && one.args[0] === "off" && !survey.isOwn(one));
  if (off === undefined) return [];
  const message =
    "access_log off ends every log of the http block, Sluice's too: metrics with source: nginx would have no evidence, and their checks hold each step";
  const fix = `Remove line ${off.line} of ${off.file}, and switch the log off in the servers that are none of Sluice's services:\n    access_log off;`;
  return [at(off, "error", "log-off", null, { message, fix })];
}

/** From the block of a use outwards: the nearest `access_log` of the user's below http level counts. */
function ended(survey: Survey, { service, block }: Use): Finding[] {
  for (let one: Directive | null = block; one !== null && one.name !== "http"; one = one.parent) {
    const own = (one.block ?? []).find((each) => each.name === "access_log" && each.block === null && !survey.isOwn(each));
    if (own === undefined) continue;
    const message = `access_log here ends the logs of the http block for this ${one.name} (${place(one)}), Sluice's too: requests of ${service.name} would not be counted, and its checks with source: nginx hold each step`;
    const fix =
      own.args[0] === "off"
        ? `Remove line ${own.line} of ${own.file}: requests of ${service.name} must be written down.`
        : `Move line ${own.line} of ${own.file} into the http block, where it stands beside Sluice's:\n    access_log ${own.args.join(" ")};`;
    return [at(own, "error", "log-ended", service.name, { message, fix })];
  }
  return [];
}
