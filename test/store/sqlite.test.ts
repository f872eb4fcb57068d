import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { openSqlite } from "../../src/store/sqlite.ts";
import { storeContract } from "./contract.ts";

describe("the SQLite store", () => {
  storeContract(async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-store-"));
    return {
      open: () => openSqlite(folder),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  });
});
