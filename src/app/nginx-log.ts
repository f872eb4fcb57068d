import type { Log } from "../core/ports.ts";
import type { TargetName } from "../core/units.ts";
import { NginxLog } from "../metrics/nginx-log/log.ts";
import { poolOfBucket } from "../nginx/bucket.ts";
import { reopenLogs } from "../nginx/reopen.ts";
import { logFile, type TargetSettings } from "../nginx/settings.ts";
import { WorkerDeaths } from "../nginx/worker-deaths.ts";

/** The reader of what each target's nginx writes down. */
export function openNginxLog(
  targets: readonly TargetSettings[],
  log: Log,
  onLoss: (target: TargetName) => void = () => {},
): NginxLog {
  const files = targets.map(({ name, tables, drive }) => ({
    target: name,
    path: logFile(tables),
    deaths: deathsOf(drive),
    reopen: drive.pid === null ? null : () => reopenLogs(drive),
  }));
  return new NginxLog({ files, log, wall: () => Date.now(), poolOfUnder: poolOfBucket, onLoss });
}

function deathsOf(drive: TargetSettings["drive"]): () => Promise<number> {
  const deaths = new WorkerDeaths(drive);
  return () => deaths.count();
}
