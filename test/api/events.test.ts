import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Agent, type Dispatcher, request } from "undici";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiUnderTest } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeEach(async () => {
  api = await ApiUnderTest.start({ limits: { heartbeatMs: 50, stallMs: 200, streams: 2, answerMs: 100 } });
});
afterEach(() => api[Symbol.asyncDispose]());

/** An open stream, and all that came over it so far. */
class Reader {
  text = "";
  ended = false;
  readonly answer: Dispatcher.ResponseData;
  readonly #agent: Agent;

  private constructor(answer: Dispatcher.ResponseData, agent: Agent) {
    this.answer = answer;
    this.#agent = agent;
    answer.body.on("data", (chunk) => {
      this.text += String(chunk);
    });
    answer.body.on("error", () => undefined);
    answer.body.once("close", () => {
      this.ended = true;
    });
  }

  static async open(headers: Record<string, string> = {}, query = ""): Promise<Reader> {
    const agent = new Agent({ pipelining: 0 });
    const all = { authorization: `Bearer ${api.tokens.read}`, accept: "text/event-stream", ...headers };
    return new Reader(await request(`${api.url}/v1/events${query}`, { headers: all, dispatcher: agent }), agent);
  }

  get ids(): readonly number[] {
    return [...this.text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

test("a stream begins at once, says when to come back, and is not buffered", async () => {
  const reader = await Reader.open();
  expect(reader.answer.statusCode).toBe(200);
  expect(reader.answer.headers).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  expect(reader.answer.headers["x-content-type-options"]).toBe("nosniff");
  await expect.poll(() => reader.text).toContain("retry: 2000\n\n");
  await reader.close();
});

test("events come as they happen, with their ids", async () => {
  api.control.happen("before");
  const reader = await Reader.open();
  await expect.poll(() => reader.ids).toEqual([1]);
  api.control.happen("line\nbreak");
  await expect.poll(() => reader.ids).toEqual([1, 2]);
  const data = [...reader.text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? ""));
  expect(data).toEqual(api.control.journal);
  await reader.close();
});

test("a reader that comes back goes on from the last event that it has", async () => {
  for (const text of ["one", "two", "three"]) api.control.happen(text);
  const reader = await Reader.open({ "last-event-id": "2" }, "?after=1");
  await expect.poll(() => reader.ids).toEqual([3]);
  const other = await Reader.open({}, "?after=1&service=web");
  await expect.poll(() => other.ids).toEqual([2, 3]);
  expect(api.control.calls.filter(({ call }) => call === "follow").map(({ args }) => args)).toEqual([
    [{ service: null }, 2],
    [{ service: "web" }, 1],
  ]);
  await reader.close();
  await other.close();
});

test("a silent stream is kept alive by comments, for longer than an answer may take", async () => {
  const reader = await Reader.open();
  await expect.poll(() => reader.text.split(": heartbeat\n\n").length).toBeGreaterThan(5);
  await reader.close();
});

test("a reader that goes is let go", async () => {
  const reader = await Reader.open();
  await expect.poll(() => api.control.followers).toBe(1);
  await reader.close();
  await expect.poll(() => api.control.followers).toBe(0);
});

test("a reader that does not read is cut off, and nothing piles up for it", async () => {
  const socket = connect(api.port, "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  socket.on("error", () => undefined);
  const head = ["GET /v1/events HTTP/1.1", `Host: localhost:${api.port}`, `Authorization: Bearer ${api.tokens.read}`, "", ""];
  socket.write(head.join("\r\n"));
  await expect.poll(() => api.control.followers).toBe(1);
  for (let line = 0; line < 500; line += 1) api.control.happen("x".repeat(100_000));
  await expect.poll(() => api.control.followers).toBe(0);
  expect(await closed(socket)).toBeLessThan(30_000_000);
});

test("a slow reader that reads gets everything", async () => {
  for (let line = 0; line < 300; line += 1) api.control.happen("x".repeat(20_000));
  const reader = await Reader.open();
  await expect.poll(() => reader.ids.length, { timeout: 5_000 }).toBe(300);
  await reader.close();
});

test("more streams than allowed are refused, and a place that gets free is given again", async () => {
  const first = await Reader.open();
  const second = await Reader.open();
  expect(await api.ask("/v1/events", { headers: { accept: "text/event-stream" } })).toMatchObject({
    status: 503,
    body: { code: "overloaded" },
  });
  await first.close();
  await expect.poll(async () => (await api.ask("/v1/events", { headers: { accept: "application/json" } })).status).toBe(200);
  await expect.poll(() => api.control.followers).toBe(1);
  const third = await Reader.open();
  expect(third.answer.statusCode).toBe(200);
  await second.close();
  await third.close();
});

test("a journal that fails in the middle ends the stream and is logged", async () => {
  api.control.fails = new Error("the store is gone");
  const reader = await Reader.open();
  await expect.poll(() => reader.ended).toBe(true);
  expect(reader.text).not.toContain("store");
  expect(api.lines.some(({ level, text }) => level === "error" && text.includes("broke off"))).toBe(true);
});

test("the end of the server ends its streams", async () => {
  const reader = await Reader.open();
  await expect.poll(() => api.control.followers).toBe(1);
  await api[Symbol.asyncDispose]();
  await expect.poll(() => reader.ended).toBe(true);
  expect(api.control.followers).toBe(0);
});

test("for JSON, a page of the journal comes with where to go on", async () => {
  for (const text of ["one", "two", "three"]) api.control.happen(text);
  const accept = { accept: "application/json" };
  const first = await api.ask("/v1/events?limit=2", { headers: accept });
  expect(first.body).toEqual({ events: api.control.journal.slice(0, 2), next: expect.any(String) });
  const rest = { events: api.control.journal.slice(2), next: null };
  const second = await api.ask(`/v1/events?limit=2&cursor=${first.body.next}`, { headers: accept });
  expect(second.body).toEqual(rest);
  expect(first.headers.link).toBe(`</v1/events?limit=2&cursor=${first.body.next}>; rel="next"`);
  expect(second.headers.link).toBeUndefined();
  expect((await api.ask("/v1/events?after=2&limit=2", { headers: accept })).body).toEqual(rest);
  expect((await api.ask("/v1/events?after=3", { headers: accept })).body).toEqual({ events: [], next: null });
});

test("the events of one rollout are a page of their own", async () => {
  api.control.happen("one");
  expect((await api.ask("/v1/rollouts/web-1/events")).body).toEqual({ events: api.control.journal, next: null });
  expect(api.control.calls.at(-1)).toEqual({
    call: "events",
    args: [
      { service: null, rollout: "web-1" },
      { after: 0, limit: 50 },
    ],
  });
  expect((await api.ask("/v1/rollouts/other/events")).status).toBe(404);
});

/** Resolves with the bytes that were left to read once the other end closed the connection. */
async function closed(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  socket.resume();
  await once(socket, "close");
  return bytes;
}
