import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa, execaSync } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAbortFiles } from "../../src/store/abort-files.ts";
import { openSqlite } from "../../src/store/sqlite.ts";

const reason = whyNoDisk();

/** A real disk that is too small: a test can fill it, and mount it read-only. Null where one can be mounted. */
function whyNoDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "sluice-disk-"));
  const mounted = execaSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { reject: false });
  if (mounted.exitCode === 0) execaSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return mounted.exitCode === 0 ? null : "a small disk cannot be mounted here";
}

describe.skipIf(reason !== null)(`a disk that takes no more${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  let disk: string;
  let state: string;

  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), "sluice-disk-"));
    await execa("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", disk]);
    state = join(disk, "state");
  });

  afterEach(async () => {
    await execa("umount", ["--lazy", disk]);
    await rm(disk, { recursive: true });
  });

  /** Takes every free byte; answers how to give them back. */
  function fill(): () => void {
    const file = join(disk, "ballast");
    const descriptor = openSync(file, "w");
    for (const size of [4_096, 1]) {
      try {
        for (;;) writeSync(descriptor, Buffer.alloc(size));
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
      }
    }
    closeSync(descriptor);
    return () => rmSync(file);
  }

  test("refuses writes as full, keeps what was acknowledged, and takes writes again once there is room", async () => {
    await using store = await openSqlite(state);
    const lease = await store.lease("test");
    await store.txn([], [{ put: "kept", value: "yes" }]);
    const free = fill();
    let refused: unknown = null;
    let acknowledged = 0;
    for (let i = 1; refused === null && i < 200; i++) {
      refused = await store
        .txn(
          [],
          [
            { put: `n/${i}`, value: "x".repeat(9_000) },
            { put: "last", value: i },
          ],
        )
        .then(
          () => {
            acknowledged = i;
            return null;
          },
          (error) => error,
        );
    }
    expect(refused).toMatchObject({ code: "full", message: expect.stringMatching(/no room is left on its disk.*Free some/) });
    expect((await store.get("kept"))?.value).toBe("yes");
    expect((await store.get("last"))?.value ?? 0).toBe(acknowledged);
    expect(await store.list("n/")).toHaveLength(acknowledged);
    free();
    expect(await store.txn([], [{ put: "last", value: "again" }])).toMatchObject({ ok: true });
    await lease[Symbol.asyncDispose]();
  });

  test("still takes an abort, which the next start finds", async () => {
    const files = openAbortFiles(state);
    files.prepareAbort("web-1");
    fill();
    files.recordAbort("web-1");
    expect(openAbortFiles(state).takeAborts()).toEqual(["web-1"]);
    files.clearAbort("web-1");
    expect(files.takeAborts()).toEqual([]);
  });

  test("still gives the right to drive, which is stored once there is room", async () => {
    await using before = await openSqlite(state);
    const first = await before.lease("first");
    await before.txn([], [{ put: "kept", value: "yes" }]);
    await first[Symbol.asyncDispose]();
    await using store = await openSqlite(state);
    const free = fill();
    const lease = await store.lease("second");
    expect(Number(lease.epoch)).toBe(Number(first.epoch) + 1);
    await using other = await openSqlite(state);
    await expect(other.lease("third")).rejects.toMatchObject({ code: "locked" });
    free();
    await store.txn([], [{ put: "kept", value: "still" }]);
    await lease[Symbol.asyncDispose]();
    expect(Number((await other.lease("third")).epoch)).toBe(Number(lease.epoch) + 1);
  });

  test("can be opened and read while it is full", async () => {
    await using first = await openSqlite(state);
    await first.txn([], [{ put: "kept", value: "yes" }]);
    await first[Symbol.asyncDispose]();
    fill();
    await using store = await openSqlite(state);
    expect((await store.get("kept"))?.value).toBe("yes");
    expect(Number((await store.lease("offline")).epoch)).toBe(1);
  });

  test("that is read-only is refused with the cause, and nothing is made of it", async () => {
    await using store = await openSqlite(state);
    await store.txn([], [{ put: "kept", value: "yes" }]);
    openAbortFiles(state).prepareAbort("web-1");
    await store[Symbol.asyncDispose]();
    await execa("mount", ["-o", "remount,ro", disk]);
    await expect(openSqlite(state)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/sluice.db cannot be used: .*mounted writable/),
    });
    expect(() => openAbortFiles(state).recordAbort("web-1")).toThrow(/cannot record the abort of web-1: EROFS/);
    await execa("mount", ["-o", "remount,rw", disk]);
    await using again = await openSqlite(state);
    expect((await again.get("kept"))?.value).toBe("yes");
  });
});
