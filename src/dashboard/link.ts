import { computed, signal } from "@preact/signals";
import { now } from "./clock.ts";

/** What keeps this page from being fresh, or that nothing does. */
export type Trouble = { readonly text: string; readonly nextTryAt: number };

/** When the newest answer came (wall clock), 0 before the first. */
export const freshAt = signal(0);
/** Why the newest try failed; null where it worked. */
export const trouble = signal<Trouble | null>(null);
/** True while events arrive as they happen; without them, the page still asks every few seconds. */
export const streaming = signal(false);

/** What is shown may be wrong after this time without an answer, whatever else is known. */
const FRESH_MS = 9_000;

/** `live`: what is shown is true now. `stale`: it was true a while ago, so nothing may be decided by it. */
export const link = computed<"connecting" | "live" | "stale">(() => {
  if (freshAt.value === 0) return "connecting";
  return trouble.value !== null || now.value - freshAt.value > FRESH_MS ? "stale" : "live";
});
