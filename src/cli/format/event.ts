import type { Ms } from "../../core/units.ts";
import type { EventView } from "../../core/view.ts";
import { paint, type Style, type Tone } from "./style.ts";
import { clock } from "./units.ts";
import { plain } from "./width.ts";

const TONES: Readonly<Record<string, Tone>> = {
  promoted: "good",
  approved: "good",
  passed: "good",
  reverting: "bad",
  reverted: "bad",
  failed: "bad",
  refused: "bad",
  held: "warn",
  paused: "warn",
  verdict: "dim",
};

/** One thing that happened, on one line: `03:09:25 web web-12 step 2 observing: …`. */
export function eventLine(event: EventView, style: Style, now: Ms): string {
  const rollout = event.rollout === null ? "" : ` ${event.rollout}`;
  const step = event.step === null ? "" : ` step ${event.step + 1}`;
  const named = event.actor === null || event.text.endsWith(` by ${event.actor}`) || event.text.includes(` by ${event.actor}: `);
  const actor = named ? "" : ` (${plain(event.actor)})`;
  const kind = paint(style, TONES[event.kind] ?? "accent", plain(event.kind));
  // What is about no service is about Sluice itself: tokens, its configuration.
  const about = event.service === "" ? "sluice" : plain(event.service);
  return `${paint(style, "dim", clock(event.at, now))} ${about}${rollout}${step} ${kind}: ${plain(event.text)}${actor}`;
}
