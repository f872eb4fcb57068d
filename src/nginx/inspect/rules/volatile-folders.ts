import { at, type Finding } from "../finding.ts";
import type { Survey } from "../survey.ts";

const VOLATILE = ["/run", "/var/run", "/dev/shm", "/tmp", "/var/tmp"];

/** Folders that a restart of the machine empties, or that a service manager hides. */
export function volatileFolders(survey: Survey): Finding[] {
  const place = survey.http ?? survey.tree.directives[0];
  if (place === undefined) return [];
  return (["include", "tables"] as const).flatMap((setting) => {
    const path = survey.target[setting];
    const folder = VOLATILE.find((one) => path === one || path.startsWith(`${one}/`));
    if (folder === undefined) return [];
    const temporary = folder.endsWith("tmp");
    const message = temporary
      ? `nginx.${setting} is ${path}: systemd gives nginx a ${folder} of its own where PrivateTmp is set, and cleans old files there, so that nginx would not see what Sluice writes`
      : `nginx.${setting} is ${path}, and ${folder} is empty after the machine starts: ${setting === "include" ? "nginx could not start without Sluice" : "all requests would go to the stable pool until Sluice is back"}`;
    const kept = setting === "include" ? "/etc/nginx/sluice" : "/var/lib/sluice/tables";
    return [
      at(place, temporary ? "warning" : "error", "folder-volatile", null, {
        message,
        fix: `Choose a folder that lasts in sluice.yaml:\n    nginx: { ${setting}: ${kept} }`,
      }),
    ];
  });
}
