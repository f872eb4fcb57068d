import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Started } from "../core/control.ts";
import type { EventView, RevisionView, RolloutView, ServiceView } from "../core/view.ts";
import type { Address } from "./address.ts";
import { isPassing } from "./failure.ts";
import { type Ask, ask, send } from "./http.ts";
import type { RemoteSession } from "./session.ts";
import { serverEvents } from "./sse.ts";

/** Longest silence of a stream that beats every 15 s: after it, the connection is dead without having said so. */
const SILENCE_MS = 45_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/** A running controller. `onGap` is told when the stream of events breaks, and why; it is taken up again by itself. */
export function remoteSession(address: Address, onGap: (error: unknown) => void = () => {}): RemoteSession {
  const post = <T>(path: string, body: object, ifMatch: string | null = null) =>
    ask<T>(address, path, mutation("POST", body, ifMatch));
  // Whoever says --replace means the rollout that is under way now, and no later one.
  const seen = async (name: string, { replace }: { replace?: boolean | undefined }) =>
    replace === true ? `"${(await ask<ServiceView>(address, servicePath(name))).etag}"` : null;
  return {
    offline: false,
    services: async () => (await ask<{ services: ServiceView[] }>(address, "/v1/services")).services,
    service: (name) => ask(address, servicePath(name)),
    rollout: (id) => ask(address, `/v1/rollouts/${encodeURIComponent(id)}`),
    explanation: (id) => ask(address, `/v1/rollouts/${encodeURIComponent(id)}/explanation`),
    // Without a key: what changes nothing is not to be kept as an answer.
    plan: (name, request) => ask(address, `${servicePath(name)}/plan`, { method: "POST", body: request }),
    start: async (name, request) =>
      started(await post<Answered>(`${servicePath(name)}/rollouts`, request, await seen(name, request))),
    switchTo: async (name, request) =>
      started(await post<Answered>(`${servicePath(name)}/switch`, request, await seen(name, request))),
    revisions: async (name, page) => {
      const path = `${servicePath(name)}/revisions?${query(page)}`;
      return (await ask<{ revisions: RevisionView[] }>(address, path)).revisions;
    },
    undo: async (name, request) => post(`${servicePath(name)}/undo`, request, await seen(name, request)),
    command: (name, { verb, ...rest }, _actor, { ifMatch, reason }) =>
      post(`${servicePath(name)}/rollout/${verb}`, withoutNull({ ...rest, reason }), ifMatch),
    setMembers: (name, pool, members) => {
      const path = `${poolPath(name, pool)}/members`;
      return ask(address, path, members === null ? { method: "DELETE" } : mutation("PUT", members, null));
    },
    setMember: (name, pool, member, state) =>
      post(`${poolPath(name, pool)}/members/${encodeURIComponent(member)}/${state === "draining" ? "drain" : "ready"}`, {}),
    events: async (filter, { after, limit }) => {
      const path = filter.rollout === null ? "/v1/events" : `/v1/rollouts/${encodeURIComponent(filter.rollout)}/events`;
      return (await ask<{ events: EventView[] }>(address, `${path}?${query({ service: filter.service, after, limit })}`)).events;
    },
    follow: (filter, after, signal) => follow(address, filter.service, after, signal, onGap),
  };
}

type Answered = RolloutView | { readonly code: "already-stable"; readonly service: ServiceView };

function started(answer: Answered): Started {
  return "code" in answer ? { is: "already-stable", service: answer.service } : { is: "started", rollout: answer };
}

/** Server-sent events, taken up after the last one seen whenever the connection ends, until `signal` aborts. */
async function* follow(
  address: Address,
  service: string | null,
  after: number,
  signal: AbortSignal,
  onGap: (error: unknown) => void,
): AsyncGenerator<EventView> {
  let last = after;
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      for await (const event of stream(address, service, last, signal)) {
        last = event.seq;
        waitMs = FIRST_WAIT_MS;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error) && !isCut(error)) throw error;
      onGap(error);
    }
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

async function* stream(address: Address, service: string | null, after: number, signal: AbortSignal): AsyncGenerator<EventView> {
  const silence = new AbortController();
  const watchdog = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await send(address, `/v1/events?${query({ service, after })}`, {
      headers: { accept: "text/event-stream", "last-event-id": String(after) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    for await (const { data } of serverEvents(beating(response.body, () => watchdog.refresh()))) {
      const event = parseEvent(data);
      if (event !== null) yield event;
    }
  } finally {
    clearTimeout(watchdog);
  }
}

async function* beating(chunks: AsyncIterable<Uint8Array>, beat: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    beat();
    yield chunk;
  }
}

/** Events of other kinds (a reset, a beat) carry no journal line. */
function parseEvent(data: string): EventView | null {
  const value: unknown = JSON.parse(data);
  return typeof value === "object" && value !== null && "seq" in value ? (value as EventView) : null;
}

/** A body that ends in the middle is a TypeError, or the abort of the watchdog. */
function isCut(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === "AbortError");
}

/** A key for each call, so that a proxy's retry is not a second command. */
function mutation(method: "POST" | "PUT", body: object, ifMatch: string | null): Ask {
  const headers = { "idempotency-key": randomUUID(), ...(ifMatch === null ? {} : { "if-match": ifMatch }) };
  return { method, body, headers };
}

function servicePath(name: string): string {
  return `/v1/services/${encodeURIComponent(name)}`;
}

function poolPath(service: string, pool: string): string {
  return `${servicePath(service)}/pools/${encodeURIComponent(pool)}`;
}

function query(values: Readonly<Record<string, string | number | null>>): string {
  const set = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value !== null) set.set(key, String(value));
  return set.toString();
}

function withoutNull(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
