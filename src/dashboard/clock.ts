import { signal } from "@preact/signals";

/** The wall clock, in steps of a second: what counts down or grows old reads it. */
export const now = signal(Date.now());

/** How far this computer's clock is ahead of the controller's, in milliseconds; to a second, as its answers tell the time. */
let aheadMs = 0;

/** Takes over what an answer says of the controller's clock; nothing where it says nothing. */
export function compareClocks(date: string | null): void {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (!Number.isNaN(theirs)) aheadMs = Date.now() - theirs;
}

/** The wall clock of the controller, as far as it is known. */
export function controllerNow(): number {
  return Date.now() - aheadMs;
}

setInterval(() => {
  now.value = Date.now();
}, 1_000);
