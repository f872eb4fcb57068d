import { setTimeout as wait } from "node:timers/promises";
import { request } from "undici";
import type { NginxTarget } from "../../config/config.ts";
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

/** HTTP dates have whole seconds, so that less than this may be no difference at all. */
const SKEW_MS: Ms = 2_000;
const ANSWER_MS: Ms = 1_000;

/**
 * How far the clock of nginx's host is from this one's, by the date of its answer: lines of its log are placed in steps by its clock.
 *
 * Null where it does not answer, or answers on a socket, which is of this host.
 */
export async function examineSkew({ name, status }: NginxTarget): Promise<Examined | null> {
  if (status.startsWith("unix:")) return null;
  const date = await dateOf(`http://${status}/sluice`);
  if (date === null) return null;
  const skewMs = Date.now() - date;
  // The date was cut to its second: half of one is its middle.
  const offMs = Math.abs(skewMs - 500);
  if (offMs <= SKEW_MS) return ok("clock", `${name}: nginx has the same time`);
  const word = skewMs > 0 ? "behind" : "ahead of";
  const text = `${name}: nginx's host is ${Math.round(offMs / 1000)} s ${word} this one`;
  return warn("clock", text, "have both hosts keep the time: requests are placed in steps by nginx's clock");
}

async function dateOf(url: string): Promise<number | null> {
  try {
    const { headers, body } = await request(url, { reset: true, signal: AbortSignal.timeout(ANSWER_MS) });
    await body.dump();
    const date = Date.parse(String(headers.date));
    return Number.isNaN(date) ? null : date;
  } catch {
    // That nothing answers there is told of by what looks at what nginx serves.
    return null;
  }
}
