import { signal } from "@preact/signals";
import type { RevisionView } from "../core/view.ts";
import { pathOf } from "./act.ts";
import { ask } from "./api.ts";

/** What became of the finished rollouts of the service of the page, newest first; null before the first answer. */
export const revisions = signal<readonly RevisionView[] | null>(null);

const SHOWN = 8;

/** Reads the history of a service; where that fails, what was known stays. */
export async function loadHistory(service: string): Promise<void> {
  const answer = await ask<{ revisions: readonly RevisionView[] }>(`${pathOf(service)}/revisions?limit=${SHOWN}`).catch(
    () => null,
  );
  if (answer !== null) revisions.value = answer.revisions;
}

/** The newest revision that was stable before the present one and brought something else: what an undo goes back to. */
export function previousOf(all: readonly RevisionView[]): RevisionView | null {
  const stable = all.filter(({ result }) => result !== "reverted");
  const current = stable[0];
  return stable.find((one) => current !== undefined && (one.to !== current.to || one.version !== current.version)) ?? null;
}

/** What a revision brought, in words. */
export function contentOf({ version, to }: RevisionView): string {
  return version === null ? to : `${version} on ${to}`;
}
