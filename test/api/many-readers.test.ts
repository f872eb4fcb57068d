import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ApiUnderTest } from "./api-under-test.ts";

const READERS = 150;
const STALLED = 50;
const EVENTS = 100;
/** Sent to the stalled alone: more than what the operating system takes for them, some megabytes each, fills their buffers here, too. */
const LOUD = { text: "x".repeat(200_000), times: 40 };

/** A connection on which the events of a stream arrive, or stay where they are. */
async function stream(api: ApiUnderTest, query: string): Promise<Socket> {
  const socket = connect(api.port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => undefined);
  const auth = `Authorization: Bearer ${api.tokens.read}`;
  socket.write(
    [`GET /v1/events${query} HTTP/1.1`, `Host: localhost:${api.port}`, auth, "Accept: text/event-stream", "", ""].join("\r\n"),
  );
  return socket;
}

/** The ids that have arrived so far, without keeping what came with them. */
function idsOf(socket: Socket): readonly number[] {
  const ids: number[] = [];
  let rest = "";
  socket.on("data", (chunk: Buffer) => {
    const text = rest + chunk.toString("latin1");
    const end = text.lastIndexOf("\n") + 1;
    for (const match of text.slice(0, end).matchAll(/^id: (\d+)$/gm)) ids.push(Number(match[1]));
    // The texts are one long line each: of an unfinished line, the beginning is enough to know it by.
    rest = text.slice(end, end + 40);
  });
  return ids;
}

/** What the process holds on to, without what is only waiting to be collected. */
function held(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test("200 readers of which 50 do not read: those are dropped, the others get every event once and in order, and memory stays flat", {
  timeout: 30_000,
}, async () => {
  await using api = await ApiUnderTest.start({ limits: { stallMs: 2_000 } });
  const reading = await Promise.all(Array.from({ length: READERS }, () => stream(api, "?service=web")));
  const ids = reading.map(idsOf);
  const stalled = await Promise.all(Array.from({ length: STALLED }, () => stream(api, "")));
  for (const socket of stalled) socket.pause();
  await expect.poll(() => api.control.followers, { timeout: 5_000 }).toBe(READERS + STALLED);

  const before = held();
  for (let at = 0; at < EVENTS; at += 1) {
    api.control.happen("quiet");
    if (at % Math.ceil(EVENTS / LOUD.times) === 0) api.control.happen(LOUD.text, {}, "shop");
    // As fast as they can be written: everybody gets a turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const all = api.control.journal.filter(({ service }) => service === "web").map(({ seq }) => seq);
  await expect.poll(() => ids.every((one) => one.length >= EVENTS), { timeout: 10_000 }).toBe(true);
  for (const one of ids) expect(one).toEqual(all);
  // Where it waited here for 50 readers, this would be 400 MB less what the operating system holds.
  expect(held() - before).toBeLessThan(100_000_000);

  await expect.poll(() => api.control.followers, { timeout: 10_000 }).toBe(READERS);
  expect(held() - before).toBeLessThan(50_000_000);
  api.control.happen("after they were dropped");
  await expect.poll(() => ids.every((one) => one.length === EVENTS + 1)).toBe(true);
  for (const socket of [...reading, ...stalled]) socket.destroy();
  await expect.poll(() => api.control.followers).toBe(0);
});
