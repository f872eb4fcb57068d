import type { Store } from "../core/ports.ts";
import type { Revision } from "../core/revision.ts";
import type { Ms, ServiceName } from "../core/units.ts";
import type { RevisionView } from "../core/view.ts";
import { revisionKey } from "./record.ts";

/** Revisions of a service, newest first; `before` is the number to go on from. */
export async function revisionsOf(
  store: Pick<Store, "list">,
  service: ServiceName,
  page: { readonly limit: number; readonly before: number | null },
): Promise<readonly Revision[]> {
  const { limit, before } = page;
  const from = before === null ? {} : { after: revisionKey(service, before) };
  const entries = await store.list(`revisions/${service}/`, { ...from, limit, reverse: true });
  return entries.map(({ value }) => asStored(value as unknown as Revision));
}

/** Those that an earlier version stored know less. */
function asStored(revision: Revision): Revision {
  const { members = null, brings = revision.number, undoes = null, reason = null, left = [] } = revision;
  return { ...revision, members, brings, undoes, reason, left };
}

export function showRevision({ brings: _, ...revision }: Revision): RevisionView {
  const { startedAt, endedAt } = revision;
  return {
    ...revision,
    startedAt: iso(startedAt),
    endedAt: iso(endedAt),
    durationMs: startedAt === null || endedAt === null ? null : Math.max(0, endedAt - startedAt),
  };
}

function iso(ms: Ms | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
