import type { Config, NginxTarget } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import { ConfigError } from "../config/errors.ts";
import { checkAll, type Finding } from "./check.ts";
import { examineClock, examineSkew } from "./doctor/clock.ts";
import { type Examined, fail, ok } from "./doctor/examined.ts";
import { examineFolder } from "./doctor/folder.ts";
import { examineBuild, examineMaster, examineServed } from "./doctor/nginx.ts";
import { examinePort } from "./doctor/ports.ts";
import { examineStore } from "./doctor/store.ts";

export type { Examined };

/**
 * Looks at everything that Sluice needs on this machine; changes nothing.
 *
 * `answers` is whether the controller of this configuration answers. Where the configuration cannot be used, the rest of what it
 * names cannot be looked at.
 */
export async function examineAll(
  source: { readonly config: string; readonly env: Env },
  read: () => Promise<Config>,
  answers: boolean,
): Promise<readonly Examined[]> {
  const [config, findings] = await Promise.all([readOrNull(read), checkAll(source, read, true)]);
  const own = findings.filter(({ code }) => code === "configuration").map(ofFinding);
  const clock = await examineClock();
  if (config === null) return [...own, clock];
  const fits = findings.filter(({ code }) => code !== "configuration").map(ofFinding);
  const skews = await Promise.all(Object.values(config.nginx).map(examineSkew));
  const targets = await Promise.all(Object.values(config.nginx).map(examineTarget));
  return inAreas([
    ...(own.length === 0 ? [ok("configuration", `${source.config} is good`)] : own),
    ...targets.flat(),
    ...(fits.length === 0 ? [ok("nginx configuration", "includes Sluice's files, and fits the services")] : fits),
    clock,
    ...skews.filter((one) => one !== null),
    ...(await examineStore(config.state)),
    await examinePort(config.api, answers),
  ]);
}

/** What is of one area stands together, whichever target it is about. */
function inAreas(all: readonly Examined[]): Examined[] {
  const areas = [...new Set(all.map(({ area }) => area))];
  return areas.flatMap((area) => all.filter((one) => one.area === area));
}

async function readOrNull(read: () => Promise<Config>): Promise<Config | null> {
  return read().catch((error: unknown) => {
    if (error instanceof ConfigError) return null;
    throw error;
  });
}

async function examineTarget(target: NginxTarget): Promise<Examined[]> {
  const { name } = target;
  return [
    ...(await examineBuild(target)),
    await examineMaster(target),
    await examineFolder(`${name}: nginx.include`, target.include),
    await examineFolder(`${name}: nginx.tables`, target.tables),
    ...(await examineServed(target)),
  ];
}

/** What `check --nginx` found, as a line of the whole. */
function ofFinding({ severity, code, file, line, path, message, fix }: Finding): Examined {
  const area = code === "configuration" ? "configuration" : "nginx configuration";
  const place = file === "" ? "" : line === 0 ? `${file}: ` : `${file}:${line}: `;
  const text = `${place}${path === "" ? "" : `${path} `}${message}`;
  if (severity === "info") return ok(area, text);
  const what = { ...fail(area, text, fix ?? `sluice check${area === "configuration" ? "" : " --nginx"}`) };
  return severity === "error" ? what : { ...what, is: "warn" };
}
