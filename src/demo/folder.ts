import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folder that the whole demo lives in, gone with it. */
export type Folder = AsyncDisposable & { readonly path: string };

/** Makes a new folder below the system's one for temporary files. It also goes where the process ends in a hurry. */
export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "sluice-demo-"));
  const removeNow = () => rmSync(path, { recursive: true, force: true });
  process.once("exit", removeNow);
  mkdirSync(join(path, "temp"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      process.off("exit", removeNow);
    },
  };
}
