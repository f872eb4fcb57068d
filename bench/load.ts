import { Connection, type Seen } from "./connection.ts";

/**
 * The load, as a process of its own: `node load.ts PORT CONNECTIONS PAUSE_MS`, told what to do by messages of its parent.
 *
 * It keeps every request since the last `forget`, so that the parent can ask about an instant that it learns of later.
 */

/** What the parent asks. `old` counts requests that started after `sinceMs` and were answered by `pool`. */
export type Question = { readonly ask: "forget" } | { readonly ask: "count"; readonly pool: string; readonly sinceMs: number };

export type Counted = {
  /** All requests since the last `forget`. */
  readonly total: number;
  /** Those that got no answer, or another one than a 200. */
  readonly failed: number;
  readonly troubles: readonly string[];
  /** Requests that started after `sinceMs` and went to `pool`. */
  readonly after: number;
  /** When the latest request that went to `pool` started; null where none did. */
  readonly latestMs: number | null;
};

/** Kept back from a runaway: 20 000 requests a second for ten seconds. */
const MOST = 200_000;

let seen: Seen[] = [];
let failures: Seen[] = [];
let total = 0;

function take(one: Seen): void {
  total += 1;
  if (one.pool === null) failures.push(one);
  else if (seen.length < MOST) seen.push(one);
}

function answer(question: Question): Counted | null {
  if (question.ask === "forget") {
    seen = [];
    failures = [];
    total = 0;
    return null;
  }
  const there = seen.filter((one) => one.pool === question.pool);
  const latestMs = there.reduce<number | null>((latest, one) => Math.max(latest ?? 0, one.startedMs), null);
  const troubles = [...new Set(failures.map((one) => one.trouble ?? ""))];
  const after = there.filter((one) => one.startedMs > question.sinceMs).length;
  return { total, failed: failures.length, troubles, after, latestMs };
}

const [port = 0, count = 1, pauseMs = 0] = process.argv.slice(2).map(Number);
const connections = Array.from({ length: count }, () => new Connection(port, pauseMs, take));
process.on("message", (question: Question) => process.send?.({ answer: answer(question) }));
process.on("disconnect", () => {
  for (const connection of connections) connection.stop();
});
