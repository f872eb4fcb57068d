import type { EventView } from "../core/view.ts";
import { SluiceError } from "./error.ts";
import { type Connection, send } from "./http.ts";
import { serverEvents } from "./sse.ts";

export type Follow = {
  /** Only events of this service. */
  readonly service?: string | null | undefined;
  /** Only what comes after this `seq`; 0 or left out, from the oldest that is kept. */
  readonly after?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told when the stream breaks, and why; it is taken up again by itself. */
  readonly onGap?: ((error: unknown) => void) | undefined;
};

/** Longest silence of a stream that beats every 15 s: after it, the connection is dead without having said so. */
const SILENCE_MS = 45_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/**
 * Events as they happen, each once and in order, taken up after the last one seen whenever the connection ends, until `signal` aborts.
 *
 * An event of the kind `reset` stands for those that are no longer kept. Rejects where trying again cannot help: a wrong token, an
 * unknown service.
 */
export async function* follow(connection: Connection, options: Follow): AsyncGenerator<EventView, void, undefined> {
  const { service = null, after = 0, signal, onGap } = options;
  let last = after;
  let waitMs = FIRST_WAIT_MS;
  const stopped = () => signal?.aborted === true;
  while (!stopped()) {
    try {
      for await (const event of stream(connection, service, last, signal)) {
        last = event.seq;
        waitMs = FIRST_WAIT_MS;
        yield event;
      }
    } catch (error) {
      if (stopped()) return;
      if (!isCut(error) && !(error instanceof SluiceError && error.passing)) throw error;
      onGap?.(error);
    }
    await pause(waitMs, signal);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

async function* stream(
  connection: Connection,
  service: string | null,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventView> {
  const silence = new AbortController();
  let watchdog = setTimeout(() => silence.abort(), SILENCE_MS);
  const beat = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  const query = new URLSearchParams({ after: String(after), ...(service === null ? {} : { service }) });
  try {
    const response = await send(connection, `/v1/events?${query}`, {
      headers: { accept: "text/event-stream", "last-event-id": String(after) },
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    });
    if (response.body === null) return;
    for await (const { data } of serverEvents(beating(response.body, beat))) {
      const event = parseEvent(data);
      if (event !== null) yield event;
    }
  } finally {
    clearTimeout(watchdog);
    // Ends the connection of a reader that stops in the middle.
    silence.abort();
  }
}

async function* beating(chunks: AsyncIterable<Uint8Array>, beat: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    beat();
    yield chunk;
  }
}

/** What carries no journal line is nothing to tell. */
function parseEvent(data: string): EventView | null {
  const value: unknown = JSON.parse(data);
  return typeof value === "object" && value !== null && "seq" in value ? (value as EventView) : null;
}

/** A body that ends in the middle is a TypeError of fetch, or the abort of the watchdog. */
function isCut(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === "AbortError");
}

/** Resolves after a time, or earlier where `signal` aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
