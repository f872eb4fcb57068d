import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import type { Ms } from "../core/units.ts";
import type { Outcome } from "./tally.ts";

/** Half of the clients keep their connection, half open a new one for each request. */
const CLIENTS = 8;
const EVERY_MS = 50;
/** What they ask together, at most. */
export const REQUESTS_PER_SECOND = (CLIENTS * 1_000) / EVERY_MS;
/** No answer within this is a lost request. */
const ANSWER_MS = 5_000;

export type TrafficOptions = {
  readonly url: string;
  readonly mono: () => Ms;
  readonly onOutcome: (outcome: Outcome) => void;
};

/** Steady clients: each asks, reads the answer, and asks again 50 ms after it asked. Disposing lets the last answers come in. */
export function startTraffic(options: TrafficOptions): AsyncDisposable {
  const stopped = new AbortController();
  const running = Array.from({ length: CLIENTS }, (_, index) => client(options, index, stopped.signal));
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await Promise.all(running);
    },
  };
}

async function client(options: TrafficOptions, index: number, stopped: AbortSignal): Promise<void> {
  const keeps = index % 2 === 0;
  const agent = new Agent({ connections: 1, pipelining: keeps ? 1 : 0, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
  await rest((EVERY_MS / CLIENTS) * index, stopped);
  while (!stopped.aborted) {
    const outcome = await once(options, agent);
    options.onOutcome(outcome);
    await rest(outcome.startedMs + EVERY_MS - options.mono(), stopped);
  }
  await agent.close();
}

async function once({ url, mono }: TrafficOptions, dispatcher: Agent): Promise<Outcome> {
  const startedMs = mono();
  try {
    const { statusCode: status, headers, body } = await request(url, { dispatcher });
    await body.dump();
    const version = headers["x-version"];
    const isOfApp = typeof version === "string";
    return {
      startedMs,
      endedMs: mono(),
      version: isOfApp ? version : null,
      status,
      trouble: isOfApp ? null : `nginx answered ${status} by itself`,
    };
  } catch (error) {
    const trouble = error instanceof Error ? error.message : String(error);
    return { startedMs, endedMs: mono(), version: null, status: null, trouble };
  }
}

async function rest(ms: Ms, stopped: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal: stopped }).catch(() => undefined);
}
