import { existsSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tryLock } from "../../store/lock.ts";
import { type Examined, fail, ok, warn } from "./examined.ts";
import { examineFolder } from "./folder.ts";

const MB = 1_000_000;
/** The database, its log and the aborts of running rollouts stay far below this. */
const PLENTY_BYTES = 200 * MB;
const LEAST_BYTES = 20 * MB;

/** The folder of the state: whose it is, whether there is room, and who drives it. */
export async function examineStore(state: string): Promise<Examined[]> {
  const found = await stat(state).catch(() => null);
  const room = await examineRoom(state);
  if (found === null) return [{ ...(await examineFolder("state", state)), area: "store" }, room];
  const me = process.geteuid?.() ?? found.uid;
  if (found.uid !== me)
    return [fail("store", `${state} belongs to uid ${found.uid}, and this is uid ${me}`, "run as its owner"), room];
  if ((found.mode & 0o022) !== 0)
    return [fail("store", `${state} can be written by others (mode ${modeOf(found)})`, `chmod 0700 ${state}`), room];
  if ((found.mode & 0o055) !== 0)
    return [
      warn("store", `others may look into ${state} (mode ${modeOf(found)})`, `chmod 0700 ${state}`),
      room,
      examineLock(state),
    ];
  return [ok("store", `${state} is this user's alone`), room, examineLock(state)];
}

async function examineRoom(state: string): Promise<Examined> {
  const { bavail, bsize } = await statfsAbove(state);
  const free = bavail * bsize;
  const text = `${Math.round(free / MB)} MB are free where the state lies`;
  if (free >= PLENTY_BYTES) return ok("store", text);
  const fix = `make room on the file system of ${state}; on a full disk only aborts work`;
  return free < LEAST_BYTES ? fail("store", text, fix) : warn("store", text, fix);
}

async function statfsAbove(path: string): Promise<{ readonly bavail: number; readonly bsize: number }> {
  return statfs(path).catch((error: unknown) => {
    if (dirname(path) === path) throw error;
    return statfsAbove(dirname(path));
  });
}

function examineLock(state: string): Examined {
  const file = join(state, "sluice.lock");
  if (!existsSync(file)) return ok("store", "no controller has driven this state yet");
  const lock = tryLock(file, state);
  lock?.[Symbol.dispose]();
  return ok("store", lock === null ? "a controller drives this state" : "no controller drives this state now");
}

function modeOf({ mode }: { readonly mode: number }): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
