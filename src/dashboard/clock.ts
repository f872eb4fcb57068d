import { signal } from "@preact/signals";

/** The wall clock, in steps of a second: what counts down or grows old reads it. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1_000);
