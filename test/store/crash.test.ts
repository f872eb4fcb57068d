import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../src/store/sqlite.ts";

const WRITER = fileURLToPath(new URL("writer.ts", import.meta.url));

let folder: string;
let children: Writer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-store-"));
  children = [];
});

afterEach(async () => {
  for (const child of children) await child.kill();
  await rm(folder, { recursive: true, force: true });
});

/** A writing process that has its lease. */
type Writer = { readonly pid: number; readonly epoch: number; lastAck(): number; stop(): void; kill(): Promise<void> };

async function startWriter(mode: "write" | "hold"): Promise<Writer> {
  const child = spawn(process.execPath, [WRITER, folder, mode], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let trouble = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (trouble += chunk));
  const writer: Writer = {
    pid: child.pid ?? 0,
    get epoch() {
      return Number(/^epoch (\d+)$/m.exec(out)?.[1]);
    },
    lastAck: () => Number(out.slice(0, out.lastIndexOf("\n")).split("\n").at(-1)),
    stop: () => void child.kill("SIGSTOP"),
    kill: () => end(child),
  };
  children.push(writer);
  await expect.poll(() => out + trouble, { timeout: 10_000, interval: 2 }).toContain("epoch");
  expect(trouble).toBe("");
  return writer;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "close");
}

describe("a process that is killed while it writes", () => {
  test("loses nothing that was acknowledged, and leaves nothing half done", { timeout: 60_000 }, async () => {
    let acknowledged = 0;
    for (let round = 0; round < 25; round++) {
      const writer = await startWriter("write");
      expect(writer.epoch).toBe(round + 1);
      await expect.poll(() => writer.lastAck(), { timeout: 10_000, interval: 1 }).toBeGreaterThan(acknowledged);
      // Not a wait for anything: it moves the kill to another point of the write.
      await sleep((round * 7) % 23);
      await writer.kill();
      acknowledged = writer.lastAck();

      await using store = await openSqlite(folder);
      const last = Number((await store.get("pair/a"))?.value);
      expect((await store.get("pair/b"))?.value).toBe(last);
      expect(last).toBeGreaterThanOrEqual(acknowledged);
      expect(last).toBeLessThanOrEqual(acknowledged + 1);
      expect(await store.list("journal/")).toHaveLength(last);
      acknowledged = last;
    }
  });
});

describe("the lease", () => {
  test("is refused while another process has it, with who that is and since when", async () => {
    const writer = await startWriter("hold");
    await using store = await openSqlite(folder);
    const refusal = store.lease("second");
    await expect(refusal).rejects.toMatchObject({
      code: "locked",
      message: expect.stringMatching(new RegExp(`driven by writer \\(pid ${writer.pid}, since 20\\d\\d-.*Z\\)`)),
    });
  });

  test("is held by a process that is stopped, and free at once when it is killed", async () => {
    const writer = await startWriter("hold");
    writer.stop();
    await using store = await openSqlite(folder);
    await expect(store.lease("second")).rejects.toMatchObject({ code: "locked" });
    await writer.kill();
    expect(Number((await store.lease("second")).epoch)).toBe(writer.epoch + 1);
  });

  test("fences: who lost it to another cannot write any more", async () => {
    await using old = await openSqlite(folder);
    await old.lease("old");
    // Somebody removes the lock file under us: the operating system's lock no longer keeps others out.
    await rm(join(folder, "sluice.lock"));
    await using next = await openSqlite(folder);
    await next.lease("next");
    await expect(old.txn([], [{ put: "a", value: "old" }])).rejects.toMatchObject({ code: "locked" });
    await next.txn([], [{ put: "a", value: "next" }]);
    expect((await old.get("a"))?.value).toBe("next");
  });

  test("of a process that was killed names nobody who is not there", async () => {
    const writer = await startWriter("hold");
    await writer.kill();
    await using store = await openSqlite(folder);
    const lease = await store.lease("here");
    await using other = await openSqlite(folder);
    await expect(other.lease("second")).rejects.toThrow(`here (pid ${process.pid}`);
    await lease[Symbol.asyncDispose]();
  });

  test("of one process lets another read", async () => {
    await startWriter("write");
    await using store = await openSqlite(folder);
    await expect.poll(async () => (await store.list("journal/")).length, { timeout: 5_000 }).toBeGreaterThan(3);
  });
});

test("a watch is told to read anew when another process has written in between", async () => {
  await using one = await openSqlite(folder);
  await using two = await openSqlite(folder);
  const first = await one.txn([], [{ put: "a", value: 1 }]);
  await two.txn([], [{ put: "a", value: 2 }]);
  await one.txn([], [{ put: "a", value: 3 }]);
  const seen: string[] = [];
  for await (const change of one.watch("", first.ok ? first.revision : -1, AbortSignal.timeout(5_000))) {
    seen.push(change.is);
    break;
  }
  expect(seen).toEqual(["compacted"]);
});
