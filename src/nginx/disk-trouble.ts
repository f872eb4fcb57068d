/** Of a write to an open file, the system does not say which. */
const OF_WRITES = ["ENOSPC", "EDQUOT", "EROFS", "EIO"];

/** What an error says; of a write into the folder that nginx includes also which folder that is, and what to do about it. */
export function troubleText(error: unknown, include: string): string {
  const text = error instanceof Error ? error.message : String(error);
  const { code = "", path = "" } = error as NodeJS.ErrnoException;
  if (!path.startsWith(include) && !OF_WRITES.includes(code)) return text;
  return `${include} cannot be written (${text}): see to its owner, its mode, its room and how it is mounted; sluice doctor looks at all of them`;
}
