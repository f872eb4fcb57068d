import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT } from "../cli/exit.ts";
import { Failure } from "../cli/failure.ts";

/** The folder that the whole demo lives in, gone with it. */
export type Folder = AsyncDisposable & { readonly path: string };

/** What a path may hold that stands in nginx's files. */
const USABLE = /^[A-Za-z0-9/._+@-]+$/;

/** Makes a new folder below the system's one for temporary files. It also goes where the process ends in a hurry. */
export function makeFolder(): Folder {
  const path = newFolder(tmpdir());
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

function newFolder(below: string): string {
  const hint = "name another folder for it: TMPDIR=/tmp npx sluice demo";
  if (!USABLE.test(below)) {
    throw new Failure(EXIT.unexpected, `${below} cannot stand in nginx's files: only letters, digits and /._+@- can`, { hint });
  }
  try {
    return mkdtempSync(join(below, "sluice-demo-"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(EXIT.unexpected, `no folder can be made for the demo: ${reason}`, { hint, cause });
  }
}
