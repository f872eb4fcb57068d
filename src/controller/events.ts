import type { Store } from "../core/ports.ts";
import type { ServiceName } from "../core/units.ts";
import type { EventView } from "../core/view.ts";
import { journalKey } from "./journal.ts";

type Filter = { readonly service: ServiceName | null; readonly rollout?: string | null };

const PAGE = 500;

/** The kind of the line that stands for lines that are no longer kept. */
const RESET = "reset";

function matches(event: EventView, filter: Filter): boolean {
  if (event.kind === RESET) return true;
  return (
    (filter.service === null || event.service === filter.service) && (filter.rollout == null || event.rollout === filter.rollout)
  );
}

/** At most `limit` events after a number that match, oldest first. */
export async function listEvents(
  store: Store,
  filter: Filter,
  page: { after: number; limit: number },
): Promise<readonly EventView[]> {
  const found: EventView[] = [];
  for await (const event of stored(store, page.after)) {
    if (!matches(event, filter)) continue;
    found.push(event);
    if (found.length === page.limit) break;
  }
  return found;
}

/** How far back the newest events of a service are looked for: one that is quiet among busy ones shows fewer than it has. */
const LOOKED_AT = 5_000;

/** The newest events that match, oldest first, and the number of the newest of all. */
export async function latestEvents(
  store: Store,
  filter: Filter,
  limit: number,
): Promise<{ readonly events: readonly EventView[]; readonly newest: number }> {
  const found: EventView[] = [];
  let newest = 0;
  for (let before: string | undefined, looked = 0; looked < LOOKED_AT && found.length < limit; looked += PAGE) {
    const page = { limit: PAGE, reverse: true, ...(before === undefined ? {} : { after: before }) };
    const entries = await store.list("journal/", page);
    const events = entries.map((entry) => entry.value as unknown as EventView);
    newest = Math.max(newest, events[0]?.seq ?? 0);
    found.push(...events.filter((event) => matches(event, filter)));
    before = entries.at(-1)?.key;
    if (entries.length < PAGE) break;
  }
  return { events: found.slice(0, limit).reverse(), newest };
}

/**
 * Events after a number that match, then each as it is written, without a gap and in order.
 *
 * The watch begins where nothing is kept any more, so its first word is to read everything anew.
 */
export async function* followEvents(store: Store, filter: Filter, after: number, signal: AbortSignal): AsyncIterable<EventView> {
  let seen = after;
  for await (const change of store.watch("journal/", 0, signal)) {
    const news =
      change.is === "compacted" ? stored(store, seen) : change.value === null ? [] : [change.value as unknown as EventView];
    for await (const event of news) {
      if (event.seq <= seen) continue;
      seen = event.seq;
      if (matches(event, filter)) yield event;
    }
  }
}

/**
 * The journal's lines after a number, page by page. Numbers are dense: where lines that the reader has not seen are no longer kept, the
 * first word is a line of the kind `reset` in their place.
 */
async function* stored(store: Store, after: number): AsyncIterable<EventView> {
  for (let last = after; ; ) {
    const entries = await store.list("journal/", { after: journalKey(last), limit: PAGE });
    for (const entry of entries) {
      const event = entry.value as unknown as EventView;
      if (last > 0 && event.seq > last + 1) yield resetOf(last + 1, event);
      last = event.seq;
      yield event;
    }
    if (entries.length < PAGE) return;
  }
}

/** Stands for all lines from `from` up to an event; its number is that of the last of them, so that a reader goes on from there. */
function resetOf(from: number, { seq, at }: EventView): EventView {
  const to = seq - 1;
  const lines = from === to ? `event ${from} is` : `events ${from} to ${to} are`;
  const text = `${lines} no longer kept: read the present state anew`;
  return { seq: to, at, service: "", rollout: null, step: null, kind: RESET, actor: null, text, data: { from, to } };
}

/** All events of a rollout that are kept, oldest first. Read from the end: who asks mostly means one of the newest. */
export async function eventsOfRollout(store: Store, rollout: string): Promise<readonly EventView[]> {
  const found: EventView[] = [];
  for (let before: string | undefined; ; ) {
    const page = { limit: PAGE, reverse: true, ...(before === undefined ? {} : { after: before }) };
    const entries = await store.list("journal/", page);
    for (const entry of entries) {
      const event = entry.value as unknown as EventView;
      if (event.rollout !== rollout) continue;
      found.push(event);
      if (event.kind === "started") return found.reverse();
    }
    before = entries.at(-1)?.key;
    if (entries.length < PAGE) return found.reverse();
  }
}
