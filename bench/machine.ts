import { spawnSync } from "node:child_process";
import { cpus, loadavg, platform, release, totalmem } from "node:os";

/** What the figures were measured on: without it they mean nothing to anybody else. */
export type Machine = {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** Processes that wanted a core over the last minute, before the benchmark began: above 0.5 others share the machine. */
  readonly loadBefore: number;
  readonly node: string;
  readonly nginx: string;
  /** Null where it is not installed. */
  readonly haproxy: string | null;
  readonly wrk: string | null;
};

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    node: process.version,
    nginx: versionOf("nginx", /nginx\/(\S+)/) ?? "unknown",
    haproxy: versionOf("haproxy", /version (\S+)/),
    wrk: versionOf("wrk", /^wrk \S*?(\d\S*)/),
  };
}

/** Tools print their version to either stream. Null where there is no such program. */
function versionOf(program: string, pattern: RegExp): string | null {
  const said = spawnSync(program, ["-v"], { encoding: "utf8" });
  if (said.error !== undefined) return null;
  return pattern.exec(`${said.stdout}${said.stderr}`)?.[1] ?? "found";
}
