import type { Store } from "../core/ports.ts";
import type { ServiceName } from "../core/units.ts";
import type { EventView } from "../core/view.ts";
import { journalKey } from "./journal.ts";

type Filter = { readonly service: ServiceName | null; readonly rollout?: string | null };

const PAGE = 500;

function matches(event: EventView, filter: Filter): boolean {
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
  for (let after = page.after; found.length < page.limit; ) {
    const entries = await store.list("journal/", { after: journalKey(after), limit: PAGE });
    const events = entries.map((entry) => entry.value as unknown as EventView);
    for (const event of events) if (matches(event, filter) && found.length < page.limit) found.push(event);
    const last = events.at(-1);
    if (last === undefined || entries.length < PAGE) break;
    after = last.seq;
  }
  return found;
}

/** Events after a number that match, then each as it is written, without a gap and in order. */
export async function* followEvents(store: Store, filter: Filter, after: number, signal: AbortSignal): AsyncIterable<EventView> {
  let seen = after;
  while (!signal.aborted) {
    const entries = await store.list("journal/", { after: journalKey(seen), limit: PAGE });
    for (const entry of entries) {
      const event = entry.value as unknown as EventView;
      seen = event.seq;
      if (matches(event, filter)) yield event;
    }
    if (entries.length < PAGE) await written(store, seen, signal);
  }
}

/** Resolves once a line after `seq` is written, or the signal aborts. */
async function written(store: Store, seq: number, signal: AbortSignal): Promise<void> {
  const last = await store.get(journalKey(seq));
  for await (const change of store.watch("journal/", last?.revision ?? 0, signal)) {
    if (change.is === "compacted" || change.key > journalKey(seq)) return;
  }
}
