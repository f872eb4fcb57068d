import type { EventView } from "../core/view.ts";
import type { Context } from "./context.ts";
import { eventLine } from "./format/event.ts";
import { type Frame, liveLines } from "./format/live.ts";
import { stateLine } from "./format/state-line.ts";
import { type Style, styleOf } from "./format/style.ts";
import { plain } from "./format/width.ts";
import { line, type Screen } from "./io.ts";
import type { Look } from "./look.ts";
import type { Progress } from "./wait.ts";

export const PROGRESSES = ["auto", "live", "plain", "none"] as const;
export type ProgressKind = (typeof PROGRESSES)[number];

/** What a plain line is: a line of the journal, or where the rollout is now, whenever that changes. */
export type Told = "events" | "state";

/** What to show a wait with: redrawn in place on a terminal, a line a change elsewhere. */
export async function progressOn(
  context: Context,
  stream: Screen,
  kind: ProgressKind,
  footer: string,
  told: Told = "events",
): Promise<Progress> {
  const dumb = context.io.env.TERM === "dumb";
  const chosen = kind === "auto" ? (stream.isTTY === true && !dumb ? "live" : "plain") : kind;
  switch (chosen) {
    case "live":
      return live(context, stream, footer);
    case "plain":
      return told === "state" ? stateLines(stream) : plainLines(context, stream);
    default:
      return { show: () => {}, trouble: () => {}, close: () => {} };
  }
}

function plainLines(context: Context, stream: Screen): Progress {
  const style: Style = { ...styleOf(stream, context.io.env, !context.flags.color), columns: null };
  return {
    show: ({ events }) => {
      for (const event of events) line(stream, eventLine(event, style, context.io.wall()));
    },
    trouble: (reason) => line(stream, troubleText(reason)),
    close: () => {},
  };
}

function stateLines(stream: Screen): Progress {
  let last = "";
  return {
    show: ({ rollout }) => {
      const text = stateLine(rollout);
      if (text !== last) line(stream, text);
      last = text;
    },
    trouble: (reason) => line(stream, troubleText(reason)),
    close: () => {},
  };
}

function troubleText(reason: string | null): string {
  return reason === null ? "the controller answers again" : `waiting for the controller: ${plain(reason)}`;
}

/** At most this often: enough for a countdown, and for a terminal that changes its size. */
const REDRAW_MS = 200;
const REMEMBERED = 20;

async function live(context: Context, stream: Screen, footer: string): Promise<Progress> {
  const { createLogUpdate } = await import("log-update");
  const { io, flags } = context;
  const draw = createLogUpdate(stream as NodeJS.WriteStream);
  let look: (Look & { readonly at: number }) | null = null;
  let events: readonly EventView[] = [];
  let trouble: string | null = null;
  const redraw = () => {
    if (look === null) return;
    const frame: Frame = { ...look, events, trouble, footer, ageMs: io.mono() - look.at };
    const style = styleOf(stream, io.env, !flags.color);
    draw(liveLines(frame, style, stream.rows || 24, io.wall()).join("\n"));
  };
  const timer = setInterval(redraw, REDRAW_MS);
  return {
    show: (next) => {
      look = { ...next, at: io.mono() };
      events = [...events, ...next.events].slice(-REMEMBERED);
    },
    trouble: (reason) => {
      trouble = reason;
    },
    close: () => {
      clearInterval(timer);
      redraw();
      draw.done();
    },
  };
}
