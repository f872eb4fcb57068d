/**
 * A process for tests that end it: takes the lease of the state folder of its first argument, then writes without pause
 * and prints each number once its transaction is acknowledged. With `hold` as the second argument it only holds the lease.
 */
import { writeSync } from "node:fs";
import { openSqlite } from "../../src/store/sqlite.ts";

const [folder = "", mode] = process.argv.slice(2);
const store = await openSqlite(folder);
const { epoch } = await store.lease("writer");
writeSync(1, `epoch ${epoch}\n`);
if (mode === "hold") setInterval(() => {}, 1_000_000);
else await write(Number((await store.get("pair/a"))?.value ?? 0));

/** The two keys of a pair and a line of the journal are written together, or not at all. */
async function write(last: number): Promise<void> {
  for (let n = last + 1; ; n++) {
    const line = { key: `journal/${String(n).padStart(8, "0")}`, text: "x".repeat(n % 5_000) };
    const done = await store.txn(
      [{ key: line.key, revision: 0 }],
      [
        { put: "pair/a", value: n },
        { put: line.key, value: line.text },
        { put: "pair/b", value: n },
      ],
    );
    if (!done.ok) throw new Error(`${line.key} was there already`);
    writeSync(1, `${n}\n`);
  }
}
