import { stat } from "node:fs/promises";
import { join } from "node:path";

/** Bytes that the database of a state folder takes on disk, with its write-ahead log. */
export async function storeBytes(folder: string): Promise<number> {
  const sizes = await Promise.all(["sluice.db", "sluice.db-wal"].map((name) => sizeOf(join(folder, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The write-ahead log comes and goes. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
