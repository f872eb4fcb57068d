import type { EventView } from "../core/view.ts";
import { type Problem, send } from "./api.ts";
import { serverEvents } from "./sse.ts";

export type StreamOptions = {
  /** The newest event that is known: the stream goes on after it. */
  readonly after: number;
  readonly onOpen: () => void;
  readonly onEvent: (event: EventView) => void;
  /** It ended: `problem` says why it could not even begin. */
  readonly onLost: (problem: Problem | null) => void;
  /** It waits before it tries again; `go` ends the wait, for whoever knows that the controller is back. */
  readonly onWait: (go: () => void) => void;
  readonly signal: AbortSignal;
};

const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;
/** The server says something every 15 s, if only that it is there. */
const SILENT_MS = 40_000;

/** Follows the journal until `signal` aborts; after a lost connection it goes on behind the last event that arrived. */
export async function follow(options: StreamOptions): Promise<void> {
  let after = options.after;
  let waitMs = RETRY_MS;
  while (!options.signal.aborted) {
    const problem = await once({ ...options, after }, (seq) => {
      after = Math.max(after, seq);
      waitMs = RETRY_MS;
    });
    if (options.signal.aborted) return;
    options.onLost(problem);
    await pause(waitMs, options);
    waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2);
  }
}

async function once(options: StreamOptions, seen: (seq: number) => void): Promise<Problem | null> {
  const silent = new AbortController();
  const signal = AbortSignal.any([options.signal, silent.signal]);
  let timer = setTimeout(() => silent.abort(), SILENT_MS);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(), SILENT_MS);
  };
  try {
    const response = await send("/v1/events", {
      headers: { accept: "text/event-stream", "last-event-id": String(options.after) },
      signal,
    });
    if (response.body === null) return null;
    options.onOpen();
    for await (const { data } of serverEvents(response.body, alive)) {
      const event = JSON.parse(data) as EventView;
      seen(event.seq);
      options.onEvent(event);
    }
    return null;
  } catch (error) {
    return error instanceof Error && "status" in error ? (error as Problem) : null;
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, { signal, onWait }: StreamOptions): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const go = () => {
      clearTimeout(timer);
      resolve();
    };
    onWait(go);
    signal.addEventListener("abort", go);
  });
}
