import type { TargetSettings } from "./settings.ts";

/** Of a write to an open file, the system does not say which. */
const OF_WRITES = ["ENOSPC", "EDQUOT", "EROFS", "EIO"];

/** What an error says; of a write into the folder that nginx includes also which folder that is, and what to do about it. */
export function troubleText(error: unknown, include: string): string {
  const text = error instanceof Error ? error.message : String(error);
  const { code = "", path = "" } = error as NodeJS.ErrnoException;
  if (!path.startsWith(include) && !OF_WRITES.includes(code)) return text;
  return `${include} cannot be written (${text}): see to its owner, its mode, its room and how it is mounted; sluice doctor looks at all of them`;
}

/** What the system said of one of the target's folders, with that folder and what to do; every other error as it is. */
export function ofFolder(error: unknown, { include, tables }: Pick<TargetSettings, "include" | "tables">): unknown {
  const { code, path = "" } = error as NodeJS.ErrnoException;
  const folder = [include, tables].find((one) => path.startsWith(one));
  if (code === undefined || folder === undefined) return error;
  const inTheWay = code === "ENOTDIR" || code === "EEXIST";
  const fix = inTheWay
    ? "a file is where a folder has to be: move it away"
    : "see to its owner and mode; sluice doctor looks at both";
  return new Error(`${folder} cannot be used (${(error as Error).message}): ${fix}`, { cause: error });
}
