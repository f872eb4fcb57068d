import { setTimeout as wait } from "node:timers/promises";
import type { Ms } from "../../core/units.ts";
import { type Examined, ok, warn } from "./examined.ts";

/** How long the two clocks are compared. */
const LOOK_MS: Ms = 250;
/** A clock that is slewed runs off by half a thousandth at most; what is more than this in so short a time was set. */
const JUMP_MS: Ms = 20;

/** Whether the wall clock is being set: what people read is then off, while dwells, which another clock measures, are not. */
export async function examineClock(): Promise<Examined> {
  const before = { wall: Date.now(), mono: performance.now() };
  await wait(LOOK_MS);
  const offMs = Math.abs(Date.now() - before.wall - (performance.now() - before.mono));
  if (offMs <= JUMP_MS) return ok("clock", "the wall clock runs evenly");
  return warn(
    "clock",
    `the wall clock jumped by ${Math.round(offMs)} ms while it was looked at`,
    "see that one program alone keeps the time: timedatectl, or chronyc tracking",
  );
}
