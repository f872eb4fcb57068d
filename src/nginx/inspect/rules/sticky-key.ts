import { at, type Finding } from "../finding.ts";
import { ownLevel, type Survey, type Use } from "../survey.ts";
import { type Directive, inForce } from "../tree.ts";

/**
 * What stands in the way of a cookie that clients are recognised by (`key: cookie:NAME`).
 *
 * Our files give clients without that cookie one of nginx's own, by `userid`.
 */
export function stickyKey(survey: Survey): Finding[] {
  return survey.uses.flatMap((use) => {
    const { key, routing } = use.service;
    if (routing !== "live" || use.form === "weighted" || key.by !== "cookie") return [];
    return [...(survey.capabilities.userid ? userid(survey, use) : []), ...setCookie(use, key.name)];
  });
}

const OURS = new Set(["userid", "userid_name", "userid_path", "userid_expires", "userid_flags"]);

/** A `userid…` of the user's own, at the level of ours or between it and the location. */
function userid(survey: Survey, use: Use): Finding[] {
  const { service } = use;
  const level = use.form === "server" ? use.server : use.block;
  const file = `${service.name}.${use.form}.conf`;
  const same = ownLevel(survey, level).find((one) => OURS.has(one.name));
  if (same !== undefined) {
    const message = `"${same.name}" stands at the same level as the include of ${file}, which sets it for clients without the cookie that ${service.name} recognises them by: nginx refuses the second one (directive is duplicate)`;
    const fix = `Move line ${same.line} of ${same.file} to http, where our include overrides it, or into locations of other services.`;
    return [at(same, "error", "userid-duplicate", service.name, { message, fix })];
  }
  const [setting] = inForce(use.block, "userid");
  if (setting === undefined || survey.isOwn(setting) || setting.parent === survey.http) return [];
  const message = `"userid ${setting.args[0] ?? ""}" is in force here instead of that of ${file}: clients without the cookie that ${service.name} recognises them by are not given Sluice's, and may change pools with each request`;
  return [
    at(setting, "warning", "userid-overridden", service.name, {
      message,
      fix: `Remove line ${setting.line} of ${setting.file}.`,
    }),
  ];
}

/** A header that sets the same cookie with each answer. */
function setCookie(use: Use, cookie: string): Finding[] {
  const headers: readonly Directive[] = inForce(use.block, "add_header");
  const setting = headers.find((one) => one.args[0]?.toLowerCase() === "set-cookie" && one.args[1]?.startsWith(`${cookie}=`));
  if (setting === undefined) return [];
  const message = `add_header sets the cookie "${cookie}" with every answer, and service ${use.service.name} recognises clients by it: a client whose value changes changes its pool, too`;
  const fix = `Set the cookie only where it is missing, or use another one as the key of ${use.service.name}.`;
  return [at(setting, "warning", "key-cookie-rewritten", use.service.name, { message, fix })];
}
