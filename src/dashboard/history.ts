import { signal } from "@preact/signals";
import type { RevisionView, ServiceView } from "../core/view.ts";
import { pathOf } from "./act.ts";
import { ask } from "./api.ts";
import { contentOf, previousOf } from "./revisions.ts";

type History = { readonly service: string; readonly revisions: readonly RevisionView[] };

/** What was read last, and of whom. */
const known = signal<History | null>(null);

/** More than are shown: an undo may go back past many that were reverted. */
const READ = 100;

/** What became of the finished rollouts of a service, newest first; null before the first answer. */
export function historyOf({ name }: ServiceView): readonly RevisionView[] | null {
  return known.value?.service === name ? known.value.revisions : null;
}

/** Reads the history of a service; where that fails, what was known stays. */
export async function loadHistory(service: string): Promise<void> {
  const answer = await ask<Pick<History, "revisions">>(`${pathOf(service)}/revisions?limit=${READ}`).catch(() => null);
  if (answer !== null) known.value = { service, revisions: answer.revisions };
}

/** What an undo of a service brings back, in words; null where that is nothing, or not known. */
export function previousIn(service: ServiceView): string | null {
  const found = previousOf(historyOf(service) ?? [], service.stable);
  return found === null ? null : contentOf(found);
}
