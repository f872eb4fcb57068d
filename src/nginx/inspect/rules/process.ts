import { at, type Finding } from "../finding.ts";
import type { Survey } from "../survey.ts";
import { parseTime } from "../time.ts";
import { inForce } from "../tree.ts";

/** Settings of the whole nginx: its age, and how long its old workers may live. */
export function wholeProcess(survey: Survey): Finding[] {
  return [...age(survey), ...shutdown(survey)];
}

function age(survey: Survey): Finding[] {
  const [major = 0, minor = 0] = survey.capabilities.version.split(".").map(Number);
  const place = survey.tree.directives[0];
  if (place === undefined || major > 1 || minor >= 18) return [];
  const message = `nginx ${survey.capabilities.version} is older than 1.18, the oldest that Sluice renders for: what it renders may be refused, and no behaviour was measured there`;
  return [at(place, "warning", "nginx-old", null, { message, fix: "Install nginx 1.18 or newer." })];
}

function shutdown(survey: Survey): Finding[] {
  const setting = survey.tree.directives.find((one) => one.name === "worker_shutdown_timeout");
  const ms = setting === undefined ? null : parseTime(setting.args.join(" "));
  if (setting === undefined || ms === null || ms === 0) return [];
  const reads = survey.uses.map((use) => readTimeoutMs(use.block));
  const longest = Math.max(0, ...reads);
  if (ms >= longest) return [];
  const message = `worker_shutdown_timeout is ${setting.args.join(" ")}, and proxy_read_timeout lets a request of a service take ${longest / 1000} s between two reads: every reload cuts the requests that are still running after it`;
  return [
    at(setting, "warning", "worker-shutdown-timeout-short", null, {
      message,
      fix: `Replace line ${setting.line} of ${setting.file} by (or more, for the longest request):\n    worker_shutdown_timeout ${Math.ceil(longest / 1000)}s;`,
    }),
  ];
}

function readTimeoutMs(block: Parameters<typeof inForce>[0]): number {
  const [setting] = inForce(block, "proxy_read_timeout");
  return (setting === undefined ? null : parseTime(setting.args.join(" "))) ?? 60_000;
}
