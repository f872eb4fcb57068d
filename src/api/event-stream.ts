import { inspect } from "node:util";
import type { SSEMessage } from "@fastify/sse";
import type { FastifyReply } from "fastify";
import type { Log } from "../core/ports.ts";
import type { Ms } from "../core/units.ts";
import type { EventView } from "../core/view.ts";

/** How long a client waits before it connects again. */
const RETRY_MS: Ms = 2_000;

/** A token that was taken back, or whose time is over, holds its streams open no longer than this. */
const LOOK_MS: Ms = 1_000;

export type Streaming = {
  /** How long a reader may leave a full buffer unread. */
  readonly stallMs: Ms;
  /** Aborts where the server stops: streams then end, rather than break off. */
  readonly stopping: AbortSignal;
  readonly log: Log;
};

/**
 * Writes events as they come until the reader goes, stalls, may no longer read, or the server closes its connections.
 *
 * The next event is asked for only once the one before went out, so nothing piles up here; a reader that leaves a full buffer
 * unread for `stallMs` is cut off, and comes back with the id of the last event that it got.
 */
export async function streamEvents(
  reply: FastifyReply,
  follow: (signal: AbortSignal) => AsyncIterable<EventView>,
  stillMay: () => boolean,
  { stallMs, stopping, log }: Streaming,
): Promise<void> {
  const gone = new AbortController();
  const end = () => gone.abort();
  reply.sse.onClose(end);
  if (stopping.aborted) end();
  stopping.addEventListener("abort", end);
  const looking = setInterval(() => stillMay() || end(), LOOK_MS);
  // The answer is ours from here on: fastify must not try to send one more.
  reply.hijack();
  try {
    await write(reply, { retry: RETRY_MS, data: undefined }, stallMs, gone.signal);
    for await (const event of follow(gone.signal)) {
      if (gone.signal.aborted) break;
      // Its own name, so that a reader cannot take it for something that happened.
      const name = event.kind === "reset" ? { event: "reset" } : {};
      await write(reply, { id: String(event.seq), data: event, ...name }, stallMs, gone.signal);
    }
  } catch (error) {
    log.error("A stream of events broke off", { request: reply.request.id, error: inspect(error) });
  } finally {
    clearInterval(looking);
    stopping.removeEventListener("abort", end);
  }
}

/** Resolves once the message went out or the stream ended: a socket that is destroyed tells the writer nothing. */
async function write(reply: FastifyReply, message: SSEMessage, stallMs: Ms, end: AbortSignal): Promise<void> {
  if (end.aborted || !reply.sse.isConnected) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ended = () => resolve();
  const stalled = setTimeout(() => reply.raw.destroy(), stallMs);
  end.addEventListener("abort", ended);
  reply.sse.send(message).then(resolve, reject);
  try {
    await promise;
  } finally {
    clearTimeout(stalled);
    end.removeEventListener("abort", ended);
  }
}
