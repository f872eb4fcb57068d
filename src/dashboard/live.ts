import { batch, effect, signal } from "@preact/signals";
import type { EventView, ServiceView } from "../core/view.ts";
import { ask, Problem } from "./api.ts";
import { freshAt, streaming, trouble } from "./link.ts";
import { route } from "./route.ts";
import { follow } from "./stream.ts";
import { keepToken, token } from "./token.ts";

/** What is known of the service, and when it was said (`performance.now()`): what counts down goes on from there. */
export type Seen = { readonly service: ServiceView; readonly at: number };

/** Whose token this is, and what it may do. */
export type Who = { readonly name: string; readonly scopes: readonly ("read" | "operate" | "admin")[] };

export const who = signal<Who | null>(null);
/** Why a token is asked for; null where none has to be. */
export const refused = signal<string | null>(null);
/** By name, in the order of the configuration; null before the first answer. */
export const services = signal<ReadonlyMap<string, Seen> | null>(null);
/** The service of the page, where there is none of that name. */
export const unknown = signal<string | null>(null);
/** What happened to the service of the page, oldest first. */
export const journal = signal<readonly EventView[]>([]);
/** The newest event of any service: whoever asked for something waits for what comes of it. */
export const newestEvent = signal<EventView | null>(null);

/** Without an event, everything is asked for anew after this time: health and observed shares have no events. */
const EVERY_MS = 2_000;
/** A slow or large answer is asked for less often: at most this part of the time is spent on it. */
const SPARE = 10;
/** Several events at once are one question. */
const GATHER_MS = 60;
const REMEMBERED = 400;
/** A tab that nobody sees gives its connection back: browsers allow six of them to one address. */
const HIDDEN_MS = 30_000;

let session = new AbortController();

/** Finds out who this is, and keeps what is shown true from then on. Call it once, and again after signing in. */
export async function begin(): Promise<void> {
  session.abort();
  session = new AbortController();
  const { signal } = session;
  batch(() => {
    who.value = null;
    refused.value = null;
    services.value = null;
    freshAt.value = 0;
    trouble.value = null;
  });
  // A controller that asks for no token says so in the page itself.
  if (token.value === "" && document.documentElement.dataset.auth !== "none") {
    refused.value = "";
    return;
  }
  while (!signal.aborted) {
    try {
      who.value = await ask<Who>("/v1/whoami", { signal });
      break;
    } catch (error) {
      if (!isOut(error)) await retry(error, signal);
      else return;
    }
  }
  if (signal.aborted) return;
  const ends = [effect(() => void loadPage(route.value, signal)), keepAsking(signal), keepFollowing(signal)];
  signal.addEventListener("abort", () => {
    for (const end of ends) end();
  });
}

/** Forgets the token and everything that was shown. */
export function signOut(): void {
  session.abort();
  keepToken("");
  batch(() => {
    who.value = null;
    services.value = null;
    journal.value = [];
    refused.value = "";
  });
}

/** True where the controller does not know the token; then a token is asked for. */
function isOut(error: unknown): boolean {
  if (!(error instanceof Problem) || (error.status !== 401 && error.status !== 429)) return false;
  const reason = error.status === 401 && token.value === "" ? "" : error.message;
  session.abort();
  batch(() => {
    who.value = null;
    refused.value = reason;
  });
  return true;
}

async function retry(error: unknown, signal: AbortSignal): Promise<void> {
  trouble.value = { text: textOf(error), nextTryAt: Date.now() + EVERY_MS };
  await new Promise((resolve) => {
    setTimeout(resolve, EVERY_MS);
    signal.addEventListener("abort", resolve);
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// --- the present state ------------------------------------------------------------------------------------------------

let asking = false;
let again = false;
let tookMs = 0;

/** Asks for what the page shows; whoever comes meanwhile makes it ask once more. */
export async function refresh(signal: AbortSignal = session.signal): Promise<void> {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  again = false;
  const began = performance.now();
  try {
    await askFor(signal);
    if (signal.aborted) return;
    if (trouble.value !== null) followAgain();
    batch(() => {
      freshAt.value = Date.now();
      trouble.value = null;
    });
  } catch (error) {
    if (signal.aborted || isOut(error)) return;
    trouble.value = { text: textOf(error), nextTryAt: Date.now() + EVERY_MS };
  } finally {
    tookMs = performance.now() - began;
    asking = false;
  }
  if (again) await refresh(signal);
}

async function askFor(signal: AbortSignal): Promise<void> {
  const at = route.value;
  if (at.at === "list") {
    const { services: all } = await ask<{ services: readonly ServiceView[] }>("/v1/services", { signal });
    services.value = new Map(all.map((service) => [service.name, seen(service)]));
    return;
  }
  try {
    show(await ask<ServiceView>(`/v1/services/${encodeURIComponent(at.service)}`, { signal }));
    unknown.value = null;
  } catch (error) {
    if (!(error instanceof Problem) || (error.status !== 404 && error.status !== 403)) throw error;
    unknown.value = at.service;
  }
}

/** Takes over what the API answered about a service. */
export function show(service: ServiceView): void {
  services.value = new Map([...(services.value ?? []), [service.name, seen(service)]]);
}

function seen(service: ServiceView): Seen {
  return { service, at: performance.now() };
}

function keepAsking(signal: AbortSignal): () => void {
  let timer = 0;
  const next = () => {
    timer = window.setTimeout(
      async () => {
        if (!document.hidden) await refresh(signal);
        next();
      },
      Math.max(EVERY_MS, tookMs * SPARE),
    );
  };
  next();
  return () => clearTimeout(timer);
}

// --- what happens -----------------------------------------------------------------------------------------------------

let gathering = 0;
/** Ends the wait of a stream that broke off. */
let followAgain: () => void = () => {};

function happened(event: EventView): void {
  const at = route.value;
  clearTimeout(gathering);
  gathering = window.setTimeout(() => void refresh(), GATHER_MS);
  // Some events are no longer kept: what is shown of the journal would have a hole.
  if (event.kind === "reset") {
    void loadPage(at, session.signal);
    return;
  }
  batch(() => {
    newestEvent.value = event;
    if (at.at === "service" && event.service === at.service) add([event]);
  });
}

function add(events: readonly EventView[]): void {
  const known = new Set(journal.value.map(({ seq }) => seq));
  const more = events.filter(({ seq }) => !known.has(seq));
  if (more.length > 0) journal.value = [...journal.value, ...more].sort((a, b) => a.seq - b.seq).slice(-REMEMBERED);
}

type Latest = { readonly events: readonly EventView[]; readonly newest: number };

async function loadPage(at: typeof route.value, signal: AbortSignal): Promise<void> {
  journal.value = [];
  unknown.value = null;
  void refresh(signal);
  if (at.at !== "service") return;
  // Where this fails, so does the question for the service, which says so.
  const latest = await ask<Latest>(`/v1/events/latest?limit=200&service=${encodeURIComponent(at.service)}`, { signal }).catch(
    () => null,
  );
  if (latest !== null && route.value === at && !signal.aborted) add(latest.events);
}

/** Follows the journal while the tab is seen; back from the background, it goes on where it stopped. */
function keepFollowing(signal: AbortSignal): () => void {
  let open: AbortController | null = null;
  let hidden = 0;
  let after: number | null = null;
  const run = async () => {
    const stop = new AbortController();
    open = stop;
    after ??= await newestSeq(stop.signal);
    if (stop.signal.aborted) return;
    await follow({
      after,
      signal: AbortSignal.any([stop.signal, signal]),
      onOpen: () => {
        streaming.value = true;
        void refresh(signal);
      },
      onEvent: (event) => {
        after = event.seq;
        happened(event);
      },
      onLost: (problem) => {
        streaming.value = false;
        if (problem?.status === 401) isOut(problem);
        else void refresh(signal);
      },
      onWait: (go) => {
        followAgain = go;
      },
    });
  };
  const stop = () => {
    open?.abort();
    open = null;
    streaming.value = false;
  };
  const look = () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = window.setTimeout(stop, HIDDEN_MS);
    else {
      if (open === null) void run();
      void refresh(signal);
    }
  };
  document.addEventListener("visibilitychange", look);
  void run();
  return () => {
    clearTimeout(hidden);
    document.removeEventListener("visibilitychange", look);
    stop();
  };
}

async function newestSeq(signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    try {
      return (await ask<Latest>("/v1/events/latest?limit=1", { signal })).newest;
    } catch (error) {
      await retry(error, signal);
    }
  }
  return 0;
}
