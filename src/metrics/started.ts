import type { Page } from "./page.ts";

/** When the process behind a page started, in seconds since 1970 by its own clock; null where the page does not say. */
export function startedOf(page: Page): number | null {
  const found = page.families.flatMap(({ series }) => series.filter(({ name }) => name === "process_start_time_seconds"));
  const value = found.length === 1 ? found[0]?.value : undefined;
  return value !== undefined && Number.isFinite(value) ? value : null;
}
